//! Reads a response that arrives in pieces, in memory that does not grow with what is of no interest.

use crate::call::{Calls, ExtractedCall, by_model, whole};
use crate::collector::Collector;
use crate::documents::{Piece, Splitter};
use crate::parsed_usage::ParsedUsage;

/// The calls of an input that is held in memory, or of one response.
#[derive(Debug)]
pub(crate) struct Collected {
    collector: Collector,
    calls: Calls,
    objects: usize,
}

impl Collected {
    pub(crate) fn new(collector: Collector) -> Self {
        Self { collector, calls: Calls::default(), objects: 0 }
    }

    pub(crate) fn see(&mut self, piece: Piece<'_>) {
        if let Piece::Object(object, text) = piece {
            self.objects += 1;
            self.collector.observe(object, text);
            self.collector.take_closed().into_iter().for_each(|call| self.calls.add(call));
        }
    }

    /// The usage of each model. Without calls, that is what a single object reported without usage. The bodies that
    /// cannot be read are named in the first one.
    pub(crate) fn models(self) -> Vec<ParsedUsage> {
        let (calls, rest) = self.finish();
        models(calls, rest)
    }

    /// Each call, and the sum of all of them.
    pub(crate) fn totalled(self) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
        let (calls, rest) = self.finish();
        (calls.unsettled().to_vec(), whole(models(calls, rest)))
    }

    fn finish(mut self) -> (Calls, Rest) {
        let unread = self.collector.unread().to_vec();
        let (last, reported) = self.collector.finish();
        last.into_iter().for_each(|call| self.calls.add(call));
        // Of several objects, it is not known which one's times would apply.
        (self.calls, Rest { reported: reported.filter(|_| self.objects == 1), unread })
    }
}

/// What an input reports beside its calls: what a single object reported without usage, and the bodies that cannot be
/// read.
struct Rest {
    reported: Option<ParsedUsage>,
    unread: Vec<String>,
}

fn models(calls: Calls, rest: Rest) -> Vec<ParsedUsage> {
    let mut models = by_model(calls.each());
    if models.is_empty() {
        let nothing = || (!rest.unread.is_empty()).then(ParsedUsage::default);
        models.extend(rest.reported.or_else(nothing));
    }
    if let Some(first) = models.first_mut() {
        first.unread.extend(rest.unread);
    }
    models
}

/// Reads one response, or the events of one stream, piece by piece. The result is that of [`calls`](crate::calls) for
/// the whole.
///
/// ```
/// let mut pieces = mcoda_usage_reader::Pieces::new(None);
/// pieces.push("data: {\"usage\": {\"prompt_tok");
/// pieces.push("ens\": 7}}\n\ndata: [DONE]\n");
/// let (calls, total) = pieces.finish();
/// assert_eq!((calls.len(), total.and_then(|total| total.input)), (1, Some(7)));
/// ```
#[derive(Debug)]
pub struct Pieces {
    splitter: Splitter,
    collected: Collected,
    /// The beginning of a line, in the pieces in which it came.
    line: Vec<String>,
    /// Whether the pieces of text contain the ends of their lines. Otherwise each is a line.
    has_newlines: bool,
}

impl Pieces {
    /// `provider` is needed only if the format leaves the meaning of a number open.
    pub fn new(provider: Option<&str>) -> Self {
        Self {
            splitter: Splitter::default(),
            collected: Collected::new(Collector::new(provider)),
            line: Vec::new(),
            has_newlines: false,
        }
    }

    /// Reads a piece of the text, cut anywhere. If no piece contains a line break, each piece is a line.
    pub fn push(&mut self, text: &str) {
        let mut rest = text;
        while let Some((head, tail)) = rest.split_once('\n') {
            self.has_newlines = true;
            self.line.push(head.to_owned());
            let line = std::mem::take(&mut self.line).concat();
            self.line(line.trim_end_matches('\r'));
            rest = tail;
        }
        if !rest.is_empty() {
            self.line.push(rest.to_owned());
        }
    }

    /// Reads a whole event or body: the text of one JSON value.
    pub fn push_value(&mut self, json: &str) {
        self.end_line();
        self.line(json);
    }

    /// Each call, and the sum of all of them; `None` if nothing reported usage.
    pub fn finish(mut self) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
        self.end_line();
        self.splitter.end(&mut |piece| self.collected.see(piece));
        self.collected.totalled()
    }

    fn end_line(&mut self) {
        let pieces = std::mem::take(&mut self.line);
        if self.has_newlines {
            self.line(&pieces.concat());
        } else {
            pieces.iter().for_each(|line| self.line(line));
        }
    }

    fn line(&mut self, line: &str) {
        self.splitter.line(line, &mut |piece| self.collected.see(piece));
    }
}
