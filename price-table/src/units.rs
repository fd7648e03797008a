//! What providers charge for, and how the counts of these units include each other.
//!
//! A unit is a set of properties: cache reads are input tokens from a cache. A unit whose properties are a subset of
//! another's includes it: input tokens include cache reads. A price applies to what is left of a unit after the parts
//! that have a price of their own.

/// A unit that a call can report, or that is implied by one. In the order of the names of their prices in genai-prices,
/// which is the order in which amounts are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Unit {
    /// Tokens of audio that were read from a cache.
    CacheAudioRead,
    /// Input tokens that were read from a cache.
    CacheRead,
    /// Input tokens that were written to a cache for an hour.
    CacheWrite1h,
    /// Input tokens that were written to a cache for five minutes.
    CacheWrite5m,
    /// Input tokens that were written to a cache.
    CacheWrite,
    /// Input tokens of audio.
    InputAudio,
    /// All input tokens.
    Input,
    /// Output tokens of audio.
    OutputAudio,
    /// All output tokens.
    Output,
    /// Output tokens of reasoning.
    OutputReasoning,
    /// The call itself, which counts once.
    Request,
    /// Searches of the web.
    WebSearch,
}

/// The number of units.
pub(crate) const COUNT: usize = 12;

/// The properties of a unit, each a number of which 0 means "any": direction (1 input, 2 output), family (1 tokens,
/// 2 tools, 3 requests), modality (1 audio), kind (1 cache read, 2 cache write, 3 reasoning), lifetime (1 five minutes,
/// 2 an hour).
type Properties = [u8; 5];

impl Unit {
    /// All units, in the order in which amounts are added.
    pub const ALL: [Self; COUNT] = [
        Self::CacheAudioRead,
        Self::CacheRead,
        Self::CacheWrite1h,
        Self::CacheWrite5m,
        Self::CacheWrite,
        Self::InputAudio,
        Self::Input,
        Self::OutputAudio,
        Self::Output,
        Self::OutputReasoning,
        Self::Request,
        Self::WebSearch,
    ];

    /// Its letter in the table.
    pub const fn letter(self) -> char {
        match self {
            Self::CacheAudioRead => 'c',
            Self::CacheRead => 'r',
            Self::CacheWrite1h => 'h',
            Self::CacheWrite5m => 'm',
            Self::CacheWrite => 'w',
            Self::InputAudio => 'a',
            Self::Input => 'i',
            Self::OutputAudio => 'b',
            Self::Output => 'o',
            Self::OutputReasoning => 't',
            Self::Request => 'q',
            Self::WebSearch => 's',
        }
    }

    /// The names of its count and of its price in genai-prices.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::CacheAudioRead => ("cache_audio_read_tokens", "cache_audio_read_mtok"),
            Self::CacheRead => ("cache_read_tokens", "cache_read_mtok"),
            Self::CacheWrite1h => ("cache_write_1h_tokens", "cache_write_1h_mtok"),
            Self::CacheWrite5m => ("cache_write_5m_tokens", "cache_write_5m_mtok"),
            Self::CacheWrite => ("cache_write_tokens", "cache_write_mtok"),
            Self::InputAudio => ("input_audio_tokens", "input_audio_mtok"),
            Self::Input => ("input_tokens", "input_mtok"),
            Self::OutputAudio => ("output_audio_tokens", "output_audio_mtok"),
            Self::Output => ("output_tokens", "output_mtok"),
            Self::OutputReasoning => ("output_reasoning_tokens", "output_reasoning_mtok"),
            Self::Request => ("requests", "requests_kcount"),
            Self::WebSearch => ("web_searches", "web_searches_kcount"),
        }
    }

    /// The number of units that a price is for.
    pub(crate) fn per(self) -> f64 {
        match self {
            Self::Request | Self::WebSearch => 1e3,
            _ => 1e6,
        }
    }

    pub(crate) fn properties(self) -> Properties {
        match self {
            Self::CacheAudioRead => [1, 1, 1, 1, 0],
            Self::CacheRead => [1, 1, 0, 1, 0],
            Self::CacheWrite1h => [1, 1, 0, 2, 2],
            Self::CacheWrite5m => [1, 1, 0, 2, 1],
            Self::CacheWrite => [1, 1, 0, 2, 0],
            Self::InputAudio => [1, 1, 1, 0, 0],
            Self::Input => [1, 1, 0, 0, 0],
            Self::OutputAudio => [2, 1, 1, 0, 0],
            Self::Output => [2, 1, 0, 0, 0],
            Self::OutputReasoning => [2, 1, 0, 3, 0],
            Self::Request => [0, 3, 0, 0, 0],
            Self::WebSearch => [0, 2, 0, 0, 0],
        }
    }

    /// The number of its properties. A unit with more properties never includes one with fewer.
    pub(crate) fn depth(self) -> usize {
        self.properties().iter().filter(|property| **property != 0).count()
    }

    /// Whether its count includes the other's, which is another unit.
    pub(crate) fn includes(self, other: Self) -> bool {
        let mut pairs = self.properties().into_iter().zip(other.properties());
        self != other && pairs.all(|(mine, theirs)| mine == 0 || mine == theirs)
    }

    /// The properties of the intersection of two units; `None` if it is empty.
    pub(crate) fn overlap(self, other: Self) -> Option<Properties> {
        let mut both = self.properties();
        for (mine, theirs) in both.iter_mut().zip(other.properties()) {
            match (*mine, theirs) {
                (mine, theirs) if mine == theirs || theirs == 0 => {}
                (0, theirs) => *mine = theirs,
                _ => return None,
            }
        }
        Some(both)
    }
}

/// The amount of each unit that a call used; absent means not reported.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Amounts([Option<f64>; COUNT]);

impl Amounts {
    /// The reported amount of a unit.
    pub fn get(&self, unit: Unit) -> Option<f64> {
        self.0[unit as usize]
    }

    /// The same call with all amounts divided by a number.
    #[must_use]
    pub fn divided_by(&self, divisor: f64) -> Self {
        Self(self.0.map(|amount| amount.map(|amount| amount / divisor)))
    }

    /// The reported units and their amounts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Unit, f64)> {
        Unit::ALL.into_iter().filter_map(|unit| Some((unit, self.get(unit)?)))
    }
}

impl FromIterator<(Unit, f64)> for Amounts {
    fn from_iter<T: IntoIterator<Item = (Unit, f64)>>(amounts: T) -> Self {
        let mut all = Self::default();
        for (unit, amount) in amounts {
            all.0[unit as usize] = Some(amount);
        }
        all
    }
}
