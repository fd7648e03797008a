//! The normal distribution.

/// The probability that a standard normal variable is below `z`.
pub(super) fn share_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// The mean of a standard normal variable above `z`: its density, divided by the probability above `z` (the inverse
/// Mills ratio).
pub(super) fn mean_above(z: f64) -> f64 {
    const ROOT_OF_TWO_PI: f64 = 2.506_628_274_631_000_5;
    let above = share_below(-z);
    if above > 1e-9 {
        libm::exp(-0.5 * z * z) / ROOT_OF_TWO_PI / above
    } else {
        z + 1.0 / z - 2.0 / (z * z * z)
    }
}

/// The inverse of [`share_below`], for probabilities above 0 and below 1: Wichura, "Algorithm AS 241: the percentage
/// points of the normal distribution", 1988 (PPND16).
pub(super) fn quantile(share: f64) -> f64 {
    let q = share - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { share } else { 1.0 - share };
    let r = (-libm::log(tail.max(f64::MIN_POSITIVE))).sqrt();
    let z = if r <= 5.0 { ratio(&TAIL, r - 1.6) } else { ratio(&FAR_TAIL, r - 5.0) };
    if q < 0.0 { -z } else { z }
}

/// The coefficients of a rational function; the constant term of the denominator is 1.
type Ratio = ([f64; 8], [f64; 7]);

fn ratio((above, below): &Ratio, r: f64) -> f64 {
    let polynomial = |terms: &[f64], start: f64| terms.iter().rev().fold(start, |sum, term| sum * r + term);
    polynomial(above, 0.0) / (polynomial(below, 0.0) * r + 1.0)
}

const CENTRE: Ratio = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

const TAIL: Ratio = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_104,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        0.599_832_206_555_887_9,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_equal_published_tables() {
        for (share, z) in [
            (0.5, 0.0),
            (0.85, 1.036_433_389_493_789_8),
            (0.95, 1.644_853_626_951_472_2),
            (0.001, -3.090_232_306_167_813),
            (1e-20, -9.262_340_089_798_409),
        ] {
            assert!((quantile(share) - z).abs() < 1e-12, "{share}: {}", quantile(share));
        }
    }

    #[test]
    fn shares_and_quantiles_are_inverse() {
        for share in [1e-9, 0.01, 0.074, 0.076, 0.3, 0.5, 0.8, 0.999_999] {
            assert!((share_below(quantile(share)) / share - 1.0).abs() < 1e-9, "{share}");
        }
    }

    #[test]
    fn the_mean_above_a_high_bound_is_just_above_it() {
        assert!((mean_above(0.0) - 0.797_884_560_802_865_4).abs() < 1e-12);
        for z in [3.0, 5.9, 6.1, 20.0] {
            assert!(mean_above(z) > z && mean_above(z) < z + 1.0 / z, "{z}: {}", mean_above(z));
        }
    }
}
