use proptest::prelude::*;

use super::*;

fn corner(x: f32, y: f32) -> Corner {
    Corner { x, y }
}

/// A card that is well in each respect.
fn card() -> PageMeasures {
    PageMeasures {
        corners: [
            corner(0.2, 0.2),
            corner(0.8, 0.2),
            corner(0.8, 0.8),
            corner(0.2, 0.8),
        ],
        long_side_px: 760.0,
        aspect: PageKind::Card.aspect(),
        sharpness: 0.5,
        glare_part: 0.0,
        luminance_mean: 140.0,
    }
}

fn check(change: impl FnOnce(&mut PageMeasures), expect: PagePrompt) {
    let mut page = card();
    change(&mut page);
    let found = prompt(
        Some(&page),
        Some(&card()),
        PageKind::Card,
        &AssistedPolicy::default(),
    );
    assert_eq!(found, expect, "{page:?}");
}

#[test]
fn each_flaw_has_its_hint() {
    check(|_| (), PagePrompt::Hold);
    check(|page| page.corners[1].x = 0.995, PagePrompt::Whole);
    check(|page| page.corners[3].y = -0.2, PagePrompt::Whole);
    check(
        |page| page.aspect = PageKind::Passport.aspect(),
        PagePrompt::OtherKind,
    );
    check(|page| page.aspect = 3.0, PagePrompt::OtherKind);
    check(|page| page.long_side_px = 300.0, PagePrompt::Closer);
    check(|page| page.luminance_mean = 30.0, PagePrompt::Brighter);
    check(|page| page.luminance_mean = 240.0, PagePrompt::Darker);
    check(|page| page.glare_part = 0.1, PagePrompt::Glare);
    check(|page| page.corners[0].x = 0.25, PagePrompt::Still);
    check(|page| page.sharpness = 0.001, PagePrompt::Sharper);
}

#[test]
fn nothing_seen_or_seen_once_is_not_enough() {
    let policy = AssistedPolicy::default();
    let page = card();
    let of = |now, before| prompt(now, before, PageKind::Card, &policy);
    assert_eq!(of(None, Some(&page)), PagePrompt::Show);
    assert_eq!(of(Some(&page), None), PagePrompt::Still);
}

#[test]
fn a_measure_that_is_no_number_is_never_well() {
    let spoils: [fn(&mut PageMeasures); 7] = [
        |page| page.corners[2].y = f32::NAN,
        |page| page.aspect = f32::NAN,
        |page| page.long_side_px = f32::NAN,
        |page| page.luminance_mean = f32::NAN,
        |page| page.glare_part = f32::NAN,
        |page| page.sharpness = f32::NAN,
        |page| page.corners[0].x = f32::INFINITY,
    ];
    for spoil in spoils {
        let mut page = card();
        spoil(&mut page);
        let policy = AssistedPolicy::default();
        let found = prompt(Some(&page), Some(&card()), PageKind::Card, &policy);
        assert_ne!(found, PagePrompt::Hold, "{page:?}");
        // Nor is a picture still that followed such a one.
        let found = prompt(Some(&card()), Some(&page), PageKind::Card, &policy);
        if page
            .corners
            .iter()
            .any(|corner| !corner.x.is_finite() || !corner.y.is_finite())
        {
            assert_eq!(found, PagePrompt::Still, "{page:?}");
        }
    }
}

proptest! {
    /// Whatever was measured: a page that is held meets every threshold.
    #[test]
    fn what_is_held_is_well(numbers in prop::collection::vec(prop::num::f32::ANY, 13)) {
        let corner = |at: usize| corner(numbers[at], numbers[at + 1]);
        let page = PageMeasures {
            corners: [corner(0), corner(2), corner(4), corner(6)],
            long_side_px: numbers[8],
            aspect: numbers[9],
            sharpness: numbers[10],
            glare_part: numbers[11],
            luminance_mean: numbers[12],
        };
        let policy = AssistedPolicy::default();
        if prompt(Some(&page), Some(&page), PageKind::Passport, &policy) == PagePrompt::Hold {
            prop_assert!(page.sharpness >= policy.page_sharpness_min);
            prop_assert!(page.glare_part <= policy.page_glare_max);
            prop_assert!(page.corners.iter().all(|corner| (0.0..=1.0).contains(&corner.x)));
        }
    }
}
