//! Time limits: a session waits as long as somebody says that they are there, and says in time that it will not.

use super::images::assisted;
use super::*;
use crate::page::PageKind;
use crate::service::{AssistedRoute, PALM_CONSENT};

/// WCAG 2.2.1 asks for so many extensions, and for so long to ask for each.
const EXTENSIONS: usize = 10;
const WARNED: Duration = Duration::from_secs(20);

/// What a place is called, and how a session comes to it.
type Place = (&'static str, fn(&mut Kiosk));

/// Takes a session to each screen on which it ends for want of a touch.
fn places() -> Vec<Place> {
    let failed: fn(&mut Kiosk) = |kiosk| {
        kiosk.reach_camera().act(false);
    };
    vec![
        ("service", |_| {}),
        ("consent", |kiosk| {
            kiosk.give(Input::ServiceChosen(ServiceId("account-opening".into())));
        }),
        ("claim", |kiosk| {
            kiosk
                .give(Input::ServiceChosen(ServiceId("account-opening".into())))
                .give(consents("processing"))
                .give(consents("automated-decision"));
        }),
        ("method", |kiosk| {
            kiosk.reach_method();
        }),
        ("palm consent", |kiosk| {
            kiosk.reach_method().give(Input::MethodChosen(Modality::Palm));
            assert!(
                matches!(kiosk.session.showing(), Showing::Consent { text, .. } if text == PALM_CONSENT.0)
            );
        }),
        ("failed attempt", failed),
        ("pictures", |kiosk| {
            kiosk
                .reach_assisted_method()
                .give(Input::AssistedChosen(AssistedRoute::ImageBased));
        }),
        ("picture", |kiosk| {
            kiosk.reach_pictures(PageKind::Card).pose(PageKind::Card);
        }),
        ("call back", |kiosk| {
            kiosk.session.opening.catalogue.push(assisted());
            kiosk
                .give(Input::ServiceChosen(ServiceId("assisted".into())))
                .give(consents("processing"))
                .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
                .give(Input::AssistedChosen(AssistedRoute::Video));
        }),
    ]
}

/// A kiosk whose sessions wait so long.
fn waiting(idle_limit: Duration) -> Kiosk {
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.policy.idle_limit = idle_limit;
    kiosk
}

/// Row 3: warned 20 seconds before the end, and one touch goes on, as often as one likes, with nothing lost.
fn extends(kiosk: &mut Kiosk, place: &str, limit: Duration) {
    let nothing_happens = |kiosk: &mut Kiosk, until| {
        kiosk.at = until;
        kiosk.give(Input::Tick);
    };
    extends_while(kiosk, place, limit, nothing_happens);
}

/// The same where `wait` is what goes on until a time.
fn extends_while(kiosk: &mut Kiosk, place: &str, limit: Duration, wait: fn(&mut Kiosk, Duration)) {
    let shown = kiosk.session.showing();
    let end = |kiosk: &Kiosk| {
        kiosk
            .session
            .idle_end()
            .unwrap_or_else(|| panic!("{place} has no end"))
    };
    for _ in 0..EXTENSIONS + 2 {
        let warned = kiosk.session.idle_warned_from().unwrap();
        assert!(warned > kiosk.at, "{place}: warned with the last touch");
        assert!(end(kiosk) - warned >= WARNED, "{place}");
        // The person sees it, and takes the whole time.
        let last = end(kiosk) - Duration::from_millis(1);
        wait(kiosk, last);
        assert_eq!(kiosk.session.showing(), shown, "{place}: it ended too early");
        kiosk.give(Input::Touched);
        assert_eq!(end(kiosk), kiosk.at + limit, "{place}");
        assert_eq!(kiosk.session.showing(), shown, "{place}: a touch lost something");
    }
    let last = end(kiosk);
    wait(kiosk, last);
    assert_ne!(kiosk.session.showing(), shown, "{place}: it never ends");
}

#[test]
fn a_session_can_be_extended_again_and_again() {
    // The shortest and the longest that a profile may set, and what stands without one.
    for idle_limit in [30, 120, 1_800].map(Duration::from_secs) {
        for (place, reach) in places() {
            let mut kiosk = waiting(idle_limit);
            reach(&mut kiosk);
            extends(&mut kiosk, place, idle_limit);
        }
    }
}

/// What came of a session has its own time, and can be read as slowly.
#[test]
fn an_outcome_can_be_extended_again_and_again() {
    let mut kiosk = Kiosk::new();
    kiosk.give(Input::Cancel);
    extends(&mut kiosk, "before the capture", OUTCOME_STAYS);
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera().act(true);
    kiosk.at += Duration::from_secs(8);
    kiosk.give(Input::Tick);
    assert_eq!(kiosk.outcome(), Some(Outcome::AwaitingIdentification));
    extends(&mut kiosk, "after the capture", OUTCOME_STAYS);
}

/// To come before the camera may take somebody long who does not see it, or who comes in a wheelchair.
#[test]
fn standing_right_can_be_extended_again_and_again() {
    for limit in [30, 60, 600].map(Duration::from_secs) {
        let mut kiosk = Kiosk::new();
        kiosk.session.opening.policy.positioning_limit = limit;
        kiosk.reach_camera();
        extends(&mut kiosk, "camera", limit);
        assert_eq!(kiosk.outcome(), Some(Outcome::FailureToAcquire));
    }
}

/// So may it to hold a page right, while the camera goes on and sees none.
#[test]
fn a_picture_can_be_extended_again_and_again() {
    let nothing_is_shown = |kiosk: &mut Kiosk, until| {
        while kiosk.at + Duration::from_secs(1) < until {
            kiosk.at += Duration::from_secs(1);
            kiosk.see_nothing();
        }
        kiosk.at = until;
        kiosk.give(Input::Tick);
    };
    for limit in [30, 120].map(Duration::from_secs) {
        let mut kiosk = Kiosk::new();
        kiosk.session.opening.policy.assisted.picture_limit = limit;
        kiosk.reach_pictures(PageKind::Card);
        extends_while(&mut kiosk, "picture", limit, nothing_is_shown);
        assert_eq!(kiosk.outcome(), None, "another one may be taken");
    }
}

/// Where a session has no such end nobody is warned of one: what is measured has its own time, and a face that is gone ends it.
#[test]
fn nobody_is_warned_of_an_end_that_does_not_come() {
    let mut kiosk = Kiosk::new();
    kiosk.reach_camera();
    assert!(kiosk.session.idle_end().is_some());
    for _ in 0..30 {
        kiosk.frame(Some(neutral()));
    }
    assert_eq!(kiosk.session.idle_end(), None);
    assert_eq!(kiosk.session.idle_warned_from(), None);
}
