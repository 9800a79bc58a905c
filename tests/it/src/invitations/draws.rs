//! Codes are drawn uniformly from all eight-digit numbers.

use rollcall_api::invitation_code::draw;

use super::*;

const DRAWS: usize = 100_000;

/// The chi-square statistic of counts that should be equal. For `n` counts it is about n − 1; a uniform generator
/// exceeds the limits below once in a thousand million runs.
fn chi_square(counts: &[f64]) -> f64 {
    let expected = counts.iter().sum::<f64>() / f64::from(u32::try_from(counts.len()).unwrap());
    counts.iter().map(|count| (count - expected).powi(2) / expected).sum()
}

#[tokio::test]
async fn codes_are_uniform_and_keep_leading_zeros() {
    let world = World::new().await;
    let (mut digit_counts, mut pair_counts) = ([[0.0; 10]; 8], vec![[0.0; 100]; 4]);
    let (mut hashes, mut codes) = (std::collections::HashSet::new(), std::collections::HashSet::new());
    for _ in 0..DRAWS {
        let (code, hash) = draw(&world.context).await.unwrap();
        let digits = code.as_str().as_bytes();
        assert_eq!(digits.len(), 8);
        assert_eq!(code.hint().as_bytes(), &digits[6..]);
        for (place, digit) in digits.iter().enumerate() {
            digit_counts[place][usize::from(digit - b'0')] += 1.0;
        }
        for (pair, digits) in digits.chunks(2).enumerate() {
            pair_counts[pair][usize::from(digits[0] - b'0') * 10 + usize::from(digits[1] - b'0')] += 1.0;
        }
        codes.insert(code.as_str().to_owned());
        hashes.insert(hash);
    }
    for counts in &digit_counts {
        assert!(chi_square(counts) < 60.0, "{counts:?}");
    }
    for counts in &pair_counts {
        assert!(chi_square(counts) < 205.0, "{counts:?}");
    }
    assert_eq!(hashes.len(), codes.len(), "each code has its own hash");
    // Among 100,000 of 10⁸ codes, about 50 pairs are equal. A generator with few states would produce far more.
    assert!(codes.len() > DRAWS - 150, "{}", codes.len());
    assert!(codes.iter().any(|code| code.starts_with("00")), "leading zeros are kept");
}
