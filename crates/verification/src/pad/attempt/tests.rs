use super::*;
use crate::capture::{FaceQuality, LightMeasures, RectPx, StreamMeasures, StreamState};
use crate::pad::light::LightMode;
use crate::pad::{AttackSign, PadChallenge, testing};
use crate::policy::{PassivePad, ScreenLight};
use crate::time::UtcMs;

/// A face that faces the camera from a little aside, eyes open, mouth closed.
fn neutral() -> FaceMeasures {
    FaceMeasures {
        yaw_deg: 2.0,
        pitch_deg: -3.0,
        ..testing::neutral()
    }
}

/// A head, which shows its relief when it turns.
fn turned(yaw_deg: f32) -> FaceMeasures {
    FaceMeasures {
        yaw_deg,
        relief: Some(testing::turned(1.0)),
        ..neutral()
    }
}

fn nodded(pitch_deg: f32) -> FaceMeasures {
    FaceMeasures {
        pitch_deg,
        ..neutral()
    }
}

fn eyes(part: f32) -> FaceMeasures {
    let face = neutral();
    FaceMeasures {
        eye_left_ratio: face.eye_left_ratio * part,
        eye_right_ratio: face.eye_right_ratio * part,
        ..face
    }
}

/// Plays frames at 30 per second.
struct Player {
    attempt: FaceAttempt,
    policy: Policy,
    frame: u64,
    yaw_deg: f32,
    events: Vec<AttemptEvent>,
}

impl Player {
    fn new(challenges: &[PadChallenge], policy: Policy) -> Self {
        Self::lit(challenges, None, policy)
    }

    fn lit(challenges: &[PadChallenge], light: Option<LightPlan>, policy: Policy) -> Self {
        let pause = Duration::from_millis(500);
        let plan = challenges
            .iter()
            .map(|&challenge| PlannedChallenge { challenge, pause })
            .collect();
        let now = Now {
            monotonic: Duration::ZERO,
            utc: UtcMs(1_000),
        };
        Self {
            attempt: FaceAttempt::new(1, plan, light, now),
            policy,
            frame: 0,
            yaw_deg: 0.0,
            events: Vec::new(),
        }
    }

    fn show(&mut self, faces: u32, face: Option<FaceMeasures>, frames: u64) -> &mut Self {
        for _ in 0..frames {
            let mut seen = testing::seen(self.frame, self.frame * 1000 / 30, face);
            seen.faces = faces;
            self.observe(&seen);
        }
        self
    }

    fn observe(&mut self, seen: &FaceObservation) {
        let now = Now {
            monotonic: seen.at,
            utc: UtcMs(1_000),
        };
        self.events.extend(self.attempt.observe(seen, now, &self.policy));
        self.frame += 1;
    }

    /// A head takes a frame on the way where the turn is large.
    fn face(&mut self, face: FaceMeasures, frames: u64) -> &mut Self {
        if (face.yaw_deg - self.yaw_deg).abs() > 25.0 {
            let yaw_deg = f32::midpoint(face.yaw_deg, self.yaw_deg);
            self.show(1, Some(FaceMeasures { yaw_deg, ..face }), 1);
        }
        self.yaw_deg = face.yaw_deg;
        self.show(1, Some(face), frames)
    }

    /// Stays neutral until an action is asked for.
    fn until_prompt(&mut self) -> &mut Self {
        for _ in 0..120 {
            if matches!(self.attempt.prompt(), FacePrompt::Act(_)) {
                return self;
            }
            self.face(neutral(), 1);
        }
        panic!("no prompt within four seconds");
    }

    fn result(&self) -> Option<Option<AttemptFailure>> {
        self.events.iter().find_map(|event| match event {
            AttemptEvent::Ended(record) => Some(record.failure),
            _ => None,
        })
    }
}

use PadChallenge::{Blink, LookDown, LookUp, OpenMouth, Smile, TurnLeft, TurnRight};

#[test]
fn each_action_from_neutral_to_neutral_completes_it() {
    let acts = [
        (TurnLeft, turned(30.0)),
        (TurnRight, turned(-30.0)),
        (LookUp, nodded(15.0)),
        (LookDown, nodded(-20.0)),
        (Blink, eyes(0.3)),
        (
            OpenMouth,
            FaceMeasures {
                mouth_opening_ratio: 0.5,
                ..neutral()
            },
        ),
        (
            Smile,
            FaceMeasures {
                mouth_width_ratio: 0.68,
                mouth_corner_ratio: neutral().mouth_corner_ratio - 0.1,
                ..neutral()
            },
        ),
    ];
    let order: Vec<_> = acts.iter().map(|(challenge, _)| *challenge).collect();
    let mut player = Player::new(&order, Policy::default());
    for (_, act) in acts {
        player.until_prompt().face(act, 4).face(neutral(), 3);
    }
    assert_eq!(player.result(), Some(None));
    assert_eq!(
        player.attempt.progress(),
        (0, 7),
        "the record took the challenges along"
    );
    let stills = |purpose| {
        player
            .events
            .iter()
            .any(|event| matches!(event, AttemptEvent::KeepStill { purpose: p, .. } if *p == purpose))
    };
    assert!(stills(StillPurpose::Comparison));
    assert!(
        order
            .iter()
            .all(|&challenge| stills(StillPurpose::Challenge(challenge)))
    );
    assert_eq!(
        player
            .events
            .iter()
            .filter(|event| **event == AttemptEvent::Started)
            .count(),
        1
    );
}

/// Shows `act` when `challenge` is asked for, then neutral until the attempt is over or the window has passed.
fn check(challenge: PadChallenge, act: FaceMeasures, expect: Option<AttemptFailure>) {
    let mut player = Player::new(&[challenge], Policy::default());
    player.until_prompt().face(act, 5).face(neutral(), 330);
    assert_eq!(player.result(), Some(expect), "{challenge:?}");
}

#[test]
fn less_than_the_action_is_not_the_action() {
    check(
        TurnLeft,
        turned(15.0),
        Some(AttemptFailure::NotPerformed(TurnLeft)),
    );
    check(Blink, eyes(0.7), Some(AttemptFailure::NotPerformed(Blink)));
    check(
        LookDown,
        nodded(-8.0),
        Some(AttemptFailure::NotPerformed(LookDown)),
    );
    check(
        Smile,
        FaceMeasures {
            mouth_width_ratio: 0.58,
            ..neutral()
        },
        Some(AttemptFailure::NotPerformed(Smile)),
    );
}

#[test]
fn a_wink_or_a_lowered_head_is_no_blink() {
    let wink = FaceMeasures {
        eye_left_ratio: 0.05,
        ..neutral()
    };
    check(Blink, wink, Some(AttemptFailure::NotPerformed(Blink)));
    let lowered = FaceMeasures {
        pitch_deg: -20.0,
        ..eyes(0.3)
    };
    check(Blink, lowered, Some(AttemptFailure::NotPerformed(Blink)));
}

#[test]
fn the_other_way_is_wrong() {
    check(
        TurnLeft,
        turned(-30.0),
        Some(AttemptFailure::WrongAction(TurnLeft)),
    );
    check(LookUp, nodded(-20.0), Some(AttemptFailure::WrongAction(LookUp)));
    check(Smile, turned(30.0), Some(AttemptFailure::WrongAction(Smile)));
}

#[test]
fn an_action_that_never_ends_does_not_count() {
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player.until_prompt().face(turned(40.0), 400);
    assert_eq!(
        player.result(),
        Some(Some(AttemptFailure::NotPerformed(TurnLeft)))
    );
}

#[test]
fn acting_before_the_prompt_does_not_count() {
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player.face(neutral(), 16).face(turned(40.0), 30);
    assert_eq!(player.attempt.prompt(), FacePrompt::LookStraight);
    player.until_prompt().face(neutral(), 330);
    assert_eq!(
        player.result(),
        Some(Some(AttemptFailure::NotPerformed(TurnLeft)))
    );
}

/// A print that is shown first, or for a moment in between, must not become the picture that is compared.
#[test]
fn the_comparison_still_is_of_the_face_that_acts() {
    let sharp = |passive_real| FaceMeasures {
        quality: FaceQuality {
            sharpness: 5_000.0,
            ..neutral().quality
        },
        passive_real,
        ..neutral()
    };
    let kept = |player: &Player| {
        let of_comparison = |event: &&AttemptEvent| matches!(event, AttemptEvent::KeepStill { purpose, .. } if *purpose == StillPurpose::Comparison);
        player.events.iter().filter(of_comparison).count()
    };
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player
        .face(sharp(Some(0.9)), 5)
        .show(0, None, 2)
        .face(neutral(), 12);
    assert_eq!(kept(&player), 0, "nothing is kept before the attempt counts");
    player.face(neutral(), 3);
    assert_eq!(kept(&player), 1);
    player.face(sharp(Some(0.1)), 1).face(sharp(None), 1);
    assert_eq!(kept(&player), 1, "only what the passive models find real");
    player.face(sharp(Some(0.9)), 1);
    assert_eq!(kept(&player), 2);
}

#[test]
fn the_same_one_face_must_stay() {
    fn away() -> FaceMeasures {
        FaceMeasures {
            box_px: RectPx {
                x: 420.0,
                ..neutral().box_px
            },
            ..neutral()
        }
    }
    let check = |play: fn(&mut Player) -> &mut Player, expect| {
        let mut player = Player::new(&[TurnLeft], Policy::default());
        player.until_prompt();
        play(&mut player);
        assert_eq!(player.result(), expect);
    };
    check(|p| p.show(0, None, 40), Some(Some(AttemptFailure::FaceLost)));
    check(|p| p.show(0, None, 10), None);
    check(
        |p| p.show(2, Some(neutral()), 40),
        Some(Some(AttemptFailure::SeveralFaces)),
    );
    check(|p| p.show(2, Some(neutral()), 30), None);
    check(|p| p.face(away(), 1), Some(Some(AttemptFailure::Jump)));
    check(
        |p| p.show(1, Some(turned(50.0)), 1),
        Some(Some(AttemptFailure::Jump)),
    );
}

#[test]
fn another_person_and_a_stream_that_does_not_go_on_end_it() {
    fn stream(state: StreamState) -> Option<StreamMeasures> {
        Some(StreamMeasures {
            state,
            rate_hz: 30.0,
            interval_p95_ms: 40.0,
            duplicates: 0,
            repeats: 0,
        })
    }
    let check = |change: &dyn Fn(&mut FaceObservation), frames, expect| {
        let mut player = Player::new(&[TurnLeft], Policy::default());
        player.until_prompt();
        for _ in 0..frames {
            let mut shown = testing::seen(player.frame, player.frame * 1000 / 30, Some(neutral()));
            change(&mut shown);
            player.observe(&shown);
        }
        assert_eq!(player.result(), expect);
    };
    let without_face = |luminance: f32| {
        move |seen: &mut FaceObservation| {
            (seen.faces, seen.face) = (0, None);
            seen.luminance_mean = luminance;
        }
    };
    check(&without_face(90.0), 15, Some(Some(AttemptFailure::FaceLost)));
    check(&without_face(12.0), 40, None);
    // The lens is covered for a moment, and another face may be there when it is free again.
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player.until_prompt();
    for _ in 0..15 {
        let mut shown = testing::seen(player.frame, player.frame * 1000 / 30, None);
        shown.luminance_mean = 12.0;
        player.observe(&shown);
    }
    player.face(neutral(), 1);
    assert_eq!(player.result(), Some(Some(AttemptFailure::FaceLost)));

    let liken = |likeness: f32| {
        move |seen: &mut FaceObservation| {
            if let Some(face) = &mut seen.face {
                face.likeness = Some(likeness);
            }
        }
    };
    check(&liken(0.9), 30, None);
    check(&liken(-0.2), 2, None);
    check(&liken(-0.2), 3, Some(Some(AttemptFailure::AnotherPerson)));
    check(&liken(f32::NAN), 3, Some(Some(AttemptFailure::AnotherPerson)));

    let cut = |face: f32, scene: f32| {
        move |seen: &mut FaceObservation| {
            seen.scene_change = Some(scene);
            if let Some(measures) = &mut seen.face {
                measures.face_change = Some(face);
            }
        }
    };
    check(&cut(0.9, 0.9), 1, Some(Some(AttemptFailure::Cut)));
    // Somebody walks by behind, or a shadow falls on the face.
    check(&cut(0.1, 0.9), 1, None);
    check(&cut(0.9, 0.1), 1, None);

    check(
        &|seen| seen.stream = stream(StreamState::Frozen),
        1,
        Some(Some(AttemptFailure::Frozen)),
    );
    check(
        &|seen| seen.stream = stream(StreamState::Repeating),
        1,
        Some(Some(AttemptFailure::Attack(AttackSign::Injected))),
    );
    check(&|seen| seen.stream = stream(StreamState::Good), 30, None);
}

#[test]
fn positioning_says_what_is_wrong_and_uses_no_attempt() {
    let far = FaceMeasures {
        quality: FaceQuality {
            inter_eye_distance_px: 40.0,
            ..neutral().quality
        },
        ..neutral()
    };
    let check = |faces, face, expect| {
        let mut player = Player::new(&[TurnLeft], Policy::default());
        player.show(faces, face, 60);
        assert_eq!(player.attempt.prompt(), expect);
        assert_eq!(player.events, []);
        player.show(faces, face, 1_800);
        assert_eq!(player.events, [AttemptEvent::NotPositioned]);
    };
    check(0, None, FacePrompt::ShowFace);
    check(1, Some(far), FacePrompt::Closer);
    check(2, Some(neutral()), FacePrompt::OnePersonOnly);
    check(1, Some(turned(25.0)), FacePrompt::LookStraight);
    check(1, Some(turned(f32::NAN)), FacePrompt::LookStraight);
}

#[test]
fn performed_actions_alone_are_not_bona_fide() {
    let check = |passive_real, passive, expect| {
        let mut player = Player::new(
            &[TurnLeft],
            Policy {
                passive,
                ..Policy::default()
            },
        );
        let with = |face| FaceMeasures { passive_real, ..face };
        player
            .face(with(neutral()), 60)
            .face(with(turned(40.0)), 5)
            .face(with(neutral()), 5);
        assert_eq!(player.result(), Some(expect));
    };
    check(Some(0.9), PassivePad::Required, None);
    check(
        Some(0.1),
        PassivePad::WhereInstalled,
        Some(AttemptFailure::Attack(AttackSign::Passive)),
    );
    check(
        None,
        PassivePad::Required,
        Some(AttemptFailure::Attack(AttackSign::PassiveMissing)),
    );
    check(None, PassivePad::WhereInstalled, None);
}

#[test]
fn silence_of_the_camera_is_noticed_by_time_alone() {
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player.until_prompt();
    let deadline = player.attempt.deadline(&player.policy).unwrap();
    let events = player.attempt.tick(
        Now {
            monotonic: deadline,
            utc: UtcMs(0),
        },
        &player.policy,
    );
    assert!(
        matches!(&events[..], [AttemptEvent::Ended(record)] if record.failure == Some(AttemptFailure::FaceLost))
    );
}

/// A face lit by a room and by the screen, 100 ms after the screen showed it.
#[test]
fn a_face_answers_the_light_of_the_screen_and_a_recording_does_not() {
    let play = |gain: f32, light: ScreenLight| {
        let plan = LightPlan::draw(LightMode::Normal, &[7, 80, 201, 33, 154, 2, 90, 61]);
        let policy = Policy {
            light,
            ..Policy::default()
        };
        let mut player = Player::lit(&[TurnLeft], plan, policy);
        let mut shown = vec![None; 3];
        let mut colours = 0;
        for at in 0..150_u16 {
            let now = player.attempt.light();
            colours += u32::from(now.is_some() && now != shown[2]);
            let on_face = shown.remove(0);
            shown.push(now);
            let tremble = 0.002 * f32::from(at % 3);
            let lit = on_face
                .unwrap_or([255; 3])
                .map(|byte: u8| (f32::from(byte) / 255.0).powf(2.2));
            let face_rgb =
                [0, 1, 2].map(|channel| [0.3, 0.2, 0.15][channel] * (1.0 + tremble + gain * lit[channel]));
            let light = LightMeasures {
                face_rgb,
                surround_rgb: [0.2; 3],
            };
            let face = FaceMeasures {
                light: Some(light),
                ..neutral()
            };
            player.face(face, 1);
        }
        assert!(colours >= 8, "{colours} colours were shown");
        player.until_prompt().face(turned(30.0), 4).face(neutral(), 10);
        player.result()
    };
    let failed = |sign| Some(Some(AttemptFailure::Attack(sign)));
    assert_eq!(play(0.2, ScreenLight::Required), Some(None));
    assert_eq!(play(0.0, ScreenLight::Required), failed(AttackSign::LightIgnored));
    assert_eq!(
        play(0.0, ScreenLight::Supporting),
        Some(None),
        "nobody has measured what this display gives in this room"
    );
}

#[test]
fn a_light_that_could_not_be_measured_is_missing_where_it_is_required() {
    let play = |light| {
        let plan = LightPlan::draw(LightMode::Calm, &[9; 8]);
        let policy = Policy {
            light,
            ..Policy::default()
        };
        let mut player = Player::lit(&[TurnLeft], plan, policy);
        player
            .face(neutral(), 220)
            .until_prompt()
            .face(turned(30.0), 4)
            .face(neutral(), 10);
        player.result()
    };
    assert_eq!(play(ScreenLight::Supporting), Some(None));
    assert_eq!(
        play(ScreenLight::Required),
        Some(Some(AttemptFailure::Attack(AttackSign::LightMissing)))
    );
}

#[test]
fn an_attack_that_does_not_follow_the_prompts_is_still_one() {
    let screen = FaceMeasures {
        passive_real: Some(0.1),
        ..neutral()
    };
    let mut player = Player::new(&[TurnLeft], Policy::default());
    player.until_prompt().face(screen, 400);
    assert_eq!(
        player.result(),
        Some(Some(AttemptFailure::Attack(AttackSign::Passive)))
    );
}
