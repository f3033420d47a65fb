//! The few faults that matter: a schedule reduced as long as what went wrong with
//! it still does (delta debugging).

use crate::fault::Happened;

/// A part of `faults` that still fails and of which nothing can be left out.
pub fn least(faults: &[Happened], fails: impl Fn(&[Happened]) -> bool) -> Vec<Happened> {
    let mut kept = faults.to_vec();
    let mut size = kept.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < kept.len() {
            let end = (start + size).min(kept.len());
            let rest: Vec<Happened> = [&kept[..start], &kept[end..]].concat();
            if fails(&rest) {
                kept = rest;
            } else {
                start = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{End, Fault};

    #[test]
    fn what_does_not_matter_is_left_out() {
        let faults: Vec<Happened> = (1..=20)
            .map(|nth| Happened {
                from: End::Left,
                nth,
                fault: Fault::Drop,
            })
            .collect();
        let needs = |faults: &[Happened]| {
            [3, 4, 17]
                .iter()
                .all(|nth| faults.iter().any(|one| one.nth == *nth))
        };
        let kept: Vec<u32> = least(&faults, needs).iter().map(|one| one.nth).collect();
        assert_eq!(kept, [3, 4, 17]);
    }
}
