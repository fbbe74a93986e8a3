use super::*;
use crate::testing::{drawn_clip, number_of};
use PadChallenge::{Blink, OpenMouth, Smile, TurnLeft};
use opencv::prelude::*;

const MANIFEST: &str = r#"
    [[clip]]
    file = "drawn.avi"
    label = "bona_fide"
    frames = 120
    fps = 30.0
    [[clip.event]]
    type = "frontal"
    first = 0
    last = 20
    [[clip.event]]
    type = "turn_image_right"
    first = 25
    last = 45
    [[clip.event]]
    type = "frontal"
    first = 50
    last = 70
    [[clip.event]]
    type = "frontal"
    first = 80
    last = 95
    [[clip.event]]
    type = "blink"
    first = 100
    last = 104
    [[clip.event]]
    type = "smile"
    first = 105
    last = 119
"#;

fn actor(folder: &Path) -> Actor {
    drawn_clip(folder, "drawn.avi", 120, 30.0);
    std::fs::write(folder.join("manifest.toml"), MANIFEST).unwrap();
    Actor::open(folder, "drawn.avi", Pace::Free, Instant::now()).unwrap()
}

/// Numbers of the recorded frames, as they are played.
fn play(actor: &mut Actor, frames: usize) -> Vec<u32> {
    (0..frames)
        .map(|_| {
            let frame = actor.next_frame().unwrap().unwrap();
            // A blended frame shows two numbers.
            if actor.blend.fading.is_none() {
                assert_eq!(number_of(&frame.bgr), actor.position);
            }
            actor.position
        })
        .collect()
}

#[test]
fn rests_until_it_is_asked_and_after_it_has_acted() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    assert_eq!(actor.offers(), [TurnLeft, Blink]);
    assert!(play(&mut actor, 100).iter().all(|at| *at <= 20));

    actor.cue(Some(TurnLeft));
    let played = play(&mut actor, 80);
    let turn: Vec<u32> = played
        .iter()
        .copied()
        .filter(|at| (21..=49).contains(at))
        .collect();
    assert_eq!(turn, (21..=49).collect::<Vec<_>>());
    assert!(
        played.windows(2).all(|pair| pair[0].abs_diff(pair[1]) <= 1),
        "a jump in {played:?}"
    );
    assert!((50..=70).contains(played.last().unwrap()));

    // The same prompt once more is no new cue, and one that cannot be answered is not answered.
    for prompt in [Some(TurnLeft), Some(Smile), Some(OpenMouth), None] {
        actor.cue(prompt);
        assert!(play(&mut actor, 60).iter().all(|at| (50..=70).contains(at)));
    }
}

#[test]
fn goes_back_where_there_is_no_way_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    actor.cue(Some(Blink));
    let played = play(&mut actor, 60);
    let cuts = played
        .windows(2)
        .filter(|pair| pair[0].abs_diff(pair[1]) > 1)
        .count();
    assert!(cuts <= 1, "more than the one cut to the other part in {played:?}");
    let blink: Vec<u32> = played
        .iter()
        .copied()
        .filter(|at| (96..=119).contains(at))
        .collect();
    assert_eq!(blink, [96, 97, 98, 99, 100, 101, 102, 101, 100, 99, 98, 97, 96]);
    assert!((80..=95).contains(played.last().unwrap()));
}

#[test]
fn a_cut_is_blended_over_a_fifth_of_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    let sight = |actor: &mut Actor| actor.next_frame().unwrap().unwrap().bgr;
    let mut before = sight(&mut actor);
    actor.cue(Some(Blink));
    let mut changes = Vec::new();
    for _ in 0..60 {
        let frame = sight(&mut actor);
        let change = core::norm2(&frame, &before, core::NORM_INF, &core::no_array()).unwrap();
        if actor.blend.fading.is_some() {
            changes.push(change);
        }
        before = frame;
    }
    assert_eq!(changes.len(), 6);
    // The bars of the numbers are black or white, so a hard cut would change a pixel by 255; the first of the
    // six frames changes by a seventh of it.
    assert!(changes[0] < 50.0, "{changes:?}");
}

#[test]
fn neither_noise_nor_rest_makes_a_frame_come_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    let mut regularity = crate::Regularity::new(actor.rate_hz());
    for _ in 0..200 {
        let frame = actor.next_frame().unwrap().unwrap();
        let fingerprint = crate::Fingerprint::of(&frame.bgr).unwrap();
        let seen = regularity.see(frame.index, frame.at, &fingerprint);
        assert_eq!(seen.state, verification::capture::StreamState::Good, "{seen:?}");
        assert_eq!((seen.duplicates, seen.repeats), (0, 0));
    }
}

#[test]
fn the_face_is_lit_unless_the_actor_ignores_the_light() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    // Below the bars of the number.
    actor.lights_face(RectPx {
        x: 0.0,
        y: 48.0,
        width: 128.0,
        height: 16.0,
    });
    let mut red = |screen: Option<[u8; 3]>, ignores: bool| {
        actor.light(screen);
        actor.ignores_light(ignores);
        let frame = actor.next_frame().unwrap().unwrap().bgr;
        let bottom = Mat::roi(&frame, core::Rect::new(56, 54, 16, 4)).unwrap();
        core::mean_def(&bottom).unwrap()[2]
    };
    let (dark, lit) = (red(None, false), red(Some([255, 0, 0]), false));
    assert!(lit > dark * 1.04, "{lit} of {dark}");
    assert!((red(Some([255, 0, 0]), true) - dark).abs() < dark * 0.01);
}

#[test]
fn clips_of_one_person_make_one_actor() {
    let folder = tempfile::tempdir().unwrap();
    drawn_clip(folder.path(), "slow.avi", 60, 15.0);
    drawn_clip(folder.path(), "other.avi", 60, 30.0);
    let other = r#"
        [[clip]]
        file = "slow.avi"
        label = "bona_fide"
        frames = 60
        fps = 15.0
        [[clip.event]]
        type = "blink"
        first = 30
        last = 34
        [[clip]]
        file = "other.avi"
        label = "bona_fide"
        frames = 60
        fps = 30.0
        [[clip.event]]
        type = "smile"
        first = 25
        last = 40
    "#;
    std::fs::write(folder.path().join("manifest.toml"), other).unwrap();
    let files = ["slow.avi", "other.avi"];
    let mut actor = Actor::open_chain(folder.path(), &files, Pace::Free, Instant::now()).unwrap();
    assert_eq!(actor.offers(), [Blink, Smile]);
    assert_eq!(actor.identity().name, "slow.avi + other.avi");
    assert_eq!(actor.rate_hz().map(f64::round), Some(30.0));
    for challenge in [Smile, Blink] {
        actor.cue(Some(challenge));
        let seen: Vec<u32> = (0..150)
            .map(|_| number_of(&actor.next_frame().unwrap().unwrap().bgr))
            .collect();
        let shows = |range: std::ops::RangeInclusive<u32>| range.into_iter().all(|at| seen.contains(&at));
        // At twice its rate every frame of the slow clip is played twice.
        let twice = |at: u32| seen.iter().filter(|seen| **seen == at).count() == 2;
        match challenge {
            Smile => assert!(shows(25..=40), "{seen:?}"),
            _ => assert!(shows(30..=34) && twice(32), "{seen:?}"),
        }
    }
    let error = |files: &[&str]| {
        let actor = Actor::open_chain(folder.path(), files, Pace::Free, Instant::now());
        actor.err().unwrap().to_string()
    };
    assert!(error(&["slow.avi", "third.avi"]).contains("third.avi is not listed"));
    assert!(error(&[]).contains("is not listed"));
}

#[test]
fn frames_are_numbered_and_timed_as_those_of_a_camera() {
    let folder = tempfile::tempdir().unwrap();
    let mut actor = actor(folder.path());
    assert!(actor.identity().replay);
    for expect in 0..40 {
        let frame = actor.next_frame().unwrap().unwrap();
        assert_eq!(frame.index, expect);
        assert!((frame.at.as_secs_f64() - expect as f64 / 30.0).abs() < 1e-6);
    }
}

#[test]
fn a_clip_that_is_not_listed_or_shorter_than_listed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = |clip: &str| {
        Actor::open(folder.path(), clip, Pace::Free, Instant::now())
            .err()
            .unwrap()
            .to_string()
    };
    assert!(error("drawn.avi").contains("manifest.toml"));
    std::fs::write(folder.path().join("manifest.toml"), MANIFEST).unwrap();
    assert!(error("other.avi").contains("other.avi is not listed"));
    drawn_clip(folder.path(), "drawn.avi", 30, 30.0);
    assert!(error("drawn.avi").contains("drawn.avi ends after 30 of 120 frames"));
    std::fs::write(folder.path().join("drawn.avi"), "no video").unwrap();
    assert!(error("drawn.avi").contains("drawn.avi holds no video"));
}

/// The recordings of real people, where they are at hand; the other tests use drawn clips.
#[test]
fn recorded_people_act_without_a_visible_jump() {
    let Some(folder) = std::env::var_os("ALAQAN_FOOTAGE") else {
        println!("ALAQAN_FOOTAGE is not set: only drawn clips were used");
        return;
    };
    let mut acted = 0;
    for entry in clips(&folder).unwrap() {
        let mut actor = Actor::open(&folder, &entry.file, Pace::Free, Instant::now()).unwrap();
        let offers = actor.offers();
        println!("{} offers {offers:?}", entry.file);
        for challenge in offers {
            actor.cue(Some(challenge));
            let mut before = actor.position;
            let mut cuts = 0;
            let mut frames = 0;
            loop {
                assert!(actor.next_frame().unwrap().is_some());
                cuts += u32::from(actor.position.abs_diff(before) > 1);
                before = actor.position;
                frames += 1;
                if matches!(actor.doing, Doing::Resting { .. }) {
                    break;
                }
                assert!(frames < 400, "{}: {challenge:?} does not end", entry.file);
            }
            println!("  {challenge:?} in {frames} frames with {cuts} cuts");
            assert!(cuts <= 1);
            acted += 1;
        }
    }
    assert!(acted > 0, "no clip offers an action");
}

/// Recordings of different sizes and rates, chained. Whom they show does not matter here.
#[test]
fn recordings_of_any_size_and_rate_are_chained() {
    let Some(folder) = std::env::var_os("ALAQAN_FOOTAGE") else {
        println!("ALAQAN_FOOTAGE is not set: only drawn clips were chained");
        return;
    };
    let open = |files: &[&str]| Actor::open_chain(&folder, files, Pace::Free, Instant::now()).unwrap();
    let listed = clips(&folder).unwrap();
    let acting: Vec<(&str, Vec<PadChallenge>)> = listed
        .iter()
        .filter(|clip| clip.label == "bona_fide")
        .map(|clip| (clip.file.as_str(), open(&[clip.file.as_str()]).offers()))
        .filter(|(_, offers)| !offers.is_empty())
        .take(3)
        .collect();
    let files: Vec<&str> = acting.iter().map(|(file, _)| *file).collect();
    let mut expect: Vec<PadChallenge> = acting.iter().flat_map(|(_, offers)| offers.clone()).collect();
    expect.sort();
    expect.dedup();
    let mut chained = open(&files);
    assert_eq!(chained.offers(), expect);
    let size = chained.next_frame().unwrap().unwrap().bgr.size().unwrap();
    for challenge in expect {
        chained.cue(Some(challenge));
        let mut acted = false;
        for _ in 0..400 {
            assert_eq!(chained.next_frame().unwrap().unwrap().bgr.size().unwrap(), size);
            acted |= matches!(chained.doing, Doing::Acting { .. });
            if acted && matches!(chained.doing, Doing::Resting { .. }) {
                break;
            }
        }
        assert!(
            acted && matches!(chained.doing, Doing::Resting { .. }),
            "{challenge:?}"
        );
    }
    println!("{files:?} offer {:?}", chained.offers());
}
