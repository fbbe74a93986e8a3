use super::*;
use proptest::prelude::*;

/// Random numbers about 0 with a spread of 1, the same in every run.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        let mut even = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 40) as f32 / 16_777_216.0
        };
        (0..12).map(|_| even()).sum::<f32>() - 6.0
    }
}

/// A presentation under the light of a screen.
#[derive(Clone, Copy)]
struct Scene {
    /// Light of the screen on the face over the other light.
    gain: f32,
    /// The same of the surround.
    surround: f32,
    delay_ms: u64,
    /// Spread of each channel from frame to frame, as a part of it.
    noise: f32,
    /// Spread of the steps of a random walk of red and of blue on the face, from frame to frame at 30 a second:
    /// movement, shading and the camera's own corrections.
    wander: f32,
    /// Change of the gain of red in a second: an automatic white balance.
    drift: f32,
    rate_hz: u64,
    seed: u64,
}

/// A face in an office before a screen of 15 inches. On recordings of still faces the chroma of the face less its
/// surround spreads from frame to frame by 0.003 to 0.02, and between the means of steps of 400 ms by 0.004 to 0.02;
/// here both by 0.015.
const FACE: Scene = Scene {
    gain: 0.15,
    surround: 0.01,
    delay_ms: 120,
    noise: 0.006,
    wander: 0.004,
    drift: 0.01,
    rate_hz: 30,
    seed: 1,
};

fn seen(scene: Scene, shown: &LightPlan) -> LightResponse {
    let mut noise = Noise(scene.seed);
    let mut response = LightResponse::default();
    let frames = scene.rate_hz * (shown.duration().as_millis() as u64 + 300) / 1000;
    let mut walk = [1.0_f32; 3];
    for frame in 0..frames {
        let step = scene.wander * (30.0 / scene.rate_hz as f32).sqrt();
        walk[0] += step * noise.next();
        walk[2] += step * noise.next();
        let at = Duration::from_millis(frame * 1000 / scene.rate_hz);
        let colour = at
            .checked_sub(Duration::from_millis(scene.delay_ms))
            .and_then(|at| shown.colour_at(at))
            .unwrap_or([0.5; 3]);
        let mut lit = |own: [f32; 3], gain: f32| {
            let mut rgb =
                [0, 1, 2].map(|at| own[at] * (1.0 + gain * colour[at]) * (1.0 + scene.noise * noise.next()));
            rgb[0] *= 1.0 + scene.drift * at.as_secs_f32();
            rgb
        };
        let face = lit([0.35, 0.2, 0.14], scene.gain);
        let light = LightMeasures {
            face_rgb: [0, 1, 2].map(|at| face[at] * walk[at]),
            surround_rgb: lit([0.4, 0.42, 0.38], scene.surround),
        };
        response.add(at, &light);
    }
    response
}

fn plan(mode: LightMode, seed: u8) -> LightPlan {
    let random: Vec<u8> = (0..8_u8)
        .map(|at| at.wrapping_mul(97).wrapping_add(seed.wrapping_mul(31)) ^ seed)
        .collect();
    LightPlan::draw(mode, &random).unwrap()
}

fn check(scene: Scene, expect: LightVerdict) {
    for mode in [LightMode::Normal, LightMode::Calm] {
        for seed in 0..2 {
            let plan = plan(mode, seed);
            let scene = Scene {
                seed: u64::from(seed) + 1,
                ..scene
            };
            let fit = seen(scene, &plan).fit(&plan).unwrap();
            assert_eq!(fit.verdict(0.06), expect, "{mode:?} {seed}: {fit:?}");
        }
    }
}

#[test]
fn a_face_answers_whatever_the_delay_and_the_drift() {
    for delay_ms in [50, 120, 200] {
        check(Scene { delay_ms, ..FACE }, LightVerdict::Responds);
    }
    check(Scene { rate_hz: 15, ..FACE }, LightVerdict::Responds);
    check(Scene { drift: 0.05, ..FACE }, LightVerdict::Responds);
    // A wall close behind.
    check(
        Scene {
            surround: 0.06,
            ..FACE
        },
        LightVerdict::Responds,
    );
}

#[test]
fn a_replay_does_not_answer() {
    check(
        Scene {
            gain: 0.001,
            surround: 0.0,
            ..FACE
        },
        LightVerdict::DoesNot,
    );
    // A room in which everything answers alike is a picture of a screen, or a white balance.
    check(
        Scene {
            gain: 0.15,
            surround: 0.15,
            ..FACE
        },
        LightVerdict::DoesNot,
    );
}

#[test]
fn noise_leaves_it_open() {
    check(
        Scene {
            gain: 0.03,
            noise: 0.2,
            ..FACE
        },
        LightVerdict::Unclear,
    );
}

#[test]
fn a_recording_that_answered_another_plan_does_not_answer_this_one() {
    for mode in [LightMode::Normal, LightMode::Calm] {
        for seed in 0..2 {
            let (shown, other) = (plan(mode, seed), plan(mode, seed + 7));
            assert_ne!(shown, other);
            let fit = seen(FACE, &other).fit(&shown).unwrap();
            assert_ne!(
                fit.verdict(0.06),
                LightVerdict::Responds,
                "{mode:?} {seed}: {fit:?}"
            );
        }
    }
}

#[test]
fn the_fit_says_size_and_delay() {
    let plan = plan(LightMode::Normal, 3);
    let fit = seen(
        Scene {
            noise: 0.0,
            wander: 0.0,
            ..FACE
        },
        &plan,
    )
    .fit(&plan)
    .unwrap();
    assert!(fit.correlation > 0.98, "{fit:?}");
    assert!((fit.gain - 0.12).abs() < 0.04, "{fit:?}");
    assert!(fit.lag.as_millis().abs_diff(120) <= 40, "{fit:?}");
    assert!(fit.surround_gain < fit.gain / 4.0, "{fit:?}");
    assert!(fit.chance < 0.001, "{fit:?}");
}

#[test]
fn too_few_frames_fit_nothing() {
    let plan = plan(LightMode::Normal, 3);
    assert_eq!(LightResponse::default().fit(&plan), None);
    let seldom = Scene { rate_hz: 3, ..FACE };
    assert_eq!(seen(seldom, &plan).fit(&plan), None);
}

#[test]
fn the_light_of_a_screen_is_that_of_optics() {
    let check = |area_m2, ambient_lx, expect: f32| {
        let got = expected_gain(250.0, area_m2, 0.5, ambient_lx);
        assert!((got - expect).abs() < 0.02, "{got} is not {expect}");
    };
    check(0.159, 300.0, 0.36);
    check(0.066, 300.0, 0.19);
    check(0.0295, 300.0, 0.09);
    assert_eq!(expected_gain(250.0, 0.1, 0.0, 300.0), 0.0);
    assert_eq!(expected_gain(f32::NAN, 0.1, 0.5, 300.0), 0.0);
}

fn luminance([r, g, b]: [f32; 3]) -> f32 {
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Most flashes in any second, by the definition of WCAG 2.3.1: a pair of opposing changes of relative luminance by 0.1 and
/// more, where the darker picture is below 0.8. Changes come with the time at which they happen.
fn flashes_a_second(levels: &[(Duration, f32)]) -> usize {
    let mut turns: Vec<(Duration, bool)> = Vec::new();
    let mut extreme = levels[0].1;
    for (at, level) in levels {
        let rising = *level > extreme;
        if (level - extreme).abs() >= 0.1 && level.min(extreme) < 0.8 {
            if turns.last().is_none_or(|(_, last)| *last != rising) {
                turns.push((*at, rising));
            }
            extreme = *level;
        } else if turns.last().is_none_or(|(_, last)| *last == rising) {
            extreme = *level;
        }
    }
    // A flash is two turns.
    let within = |from: Duration| {
        let second = from..from + Duration::from_secs(1);
        turns.iter().filter(|(at, _)| second.contains(at)).count() / 2
    };
    turns.iter().map(|(from, _)| within(*from)).max().unwrap_or(0)
}

/// What a plan changes by itself.
fn levels(plan: &LightPlan) -> Vec<(Duration, f32)> {
    (0_u32..)
        .zip(plan.colours())
        .map(|(step, colour)| (plan.mode().step() * step, luminance(colour)))
        .collect()
}

/// What a person sees of two attempts: the page, the light, the page for a moment, the light of the next attempt, the page.
/// Read off as the screen reads it, every 10 ms.
fn seen_of_two(plans: &[LightPlan; 2], page: f32, between: Duration) -> Vec<(Duration, f32)> {
    let tick = Duration::from_millis(10);
    let mut levels = vec![(Duration::ZERO, page)];
    let mut at = tick;
    for plan in plans {
        let start = at;
        while let Some(colour) = plan.colour_at(at - start) {
            levels.push((at, luminance(colour)));
            at += tick;
        }
        levels.push((at, page));
        at += between.max(tick);
    }
    levels
}

#[test]
fn flashes_are_counted_as_they_are() {
    let blinking = |every_ms: u64| -> Vec<(Duration, f32)> {
        (0..20_u64)
            .map(|at| {
                (
                    Duration::from_millis(at * every_ms),
                    if at % 2 == 0 { 0.0 } else { 0.5 },
                )
            })
            .collect()
    };
    assert_eq!(flashes_a_second(&blinking(100)), 5);
    assert_eq!(flashes_a_second(&blinking(400)), 1);
    // Growing is no flash, nor is what is hardly seen.
    let growing: Vec<_> = (0..10_u8)
        .map(|at| (Duration::from_millis(50) * at.into(), f32::from(at) / 10.0))
        .collect();
    assert_eq!(flashes_a_second(&growing), 0);
    let faint: Vec<_> = (0..10_u8)
        .map(|at| {
            (
                Duration::from_millis(50) * at.into(),
                0.4 + f32::from(at % 2) / 20.0,
            )
        })
        .collect();
    assert_eq!(flashes_a_second(&faint), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_plan_flashes_more_than_three_times_a_second(random in proptest::collection::vec(any::<u8>(), 8)) {
        let normal = LightPlan::draw(LightMode::Normal, &random).unwrap();
        let calm = LightPlan::draw(LightMode::Calm, &random).unwrap();
        prop_assert!(LightMode::Normal.step() >= Duration::from_millis(350));
        prop_assert!(LightMode::Calm.step() >= Duration::from_secs(1));
        prop_assert!(flashes_a_second(&levels(&normal)) <= 2);
        prop_assert_eq!(flashes_a_second(&levels(&calm)), 0);
        for colour in normal.colours().chain(calm.colours()) {
            prop_assert!(colour[0] / colour.iter().sum::<f32>() < 0.8, "a saturated red");
            prop_assert!(colour.iter().all(|channel| (0.0..=1.0).contains(channel)));
        }
        for plan in [normal, calm] {
            let colours: Vec<[f32; 3]> = plan.colours().collect();
            prop_assert_eq!(colours.len(), plan.mode().steps());
            prop_assert!(colours.windows(2).all(|pair| pair[0] != pair[1]));
            prop_assert_eq!(plan.colour_at(plan.duration()), None);
        }
    }

    /// Row 4, for whatever a policy says of the light, for every row of colours, for every ground of the page, and also where
    /// the next attempt follows at once.
    #[test]
    fn no_session_flashes_more_than_three_times_a_second(
        random in proptest::array::uniform2(proptest::collection::vec(any::<u8>(), plan::RANDOM_BYTES)),
        page in 0.0_f32..=1.0,
        between_ms in 0_u64..1500,
    ) {
        let bytes = |at: usize| <[u8; plan::RANDOM_BYTES]>::try_from(random[at].as_slice()).unwrap();
        for light in [ScreenLight::Off, ScreenLight::Supporting, ScreenLight::Required] {
            for mode in [LightMode::Normal, LightMode::Calm] {
                let plans = [0, 1].map(|at| LightPlan::of_attempt(light, mode, &bytes(at)));
                let [Some(first), Some(second)] = plans else {
                    prop_assert_eq!(light, ScreenLight::Off);
                    continue;
                };
                let seen = seen_of_two(&[first, second], page, Duration::from_millis(between_ms));
                let flashes = flashes_a_second(&seen);
                prop_assert!(flashes <= 3, "{light:?} {mode:?}: {flashes}");
            }
        }
    }

    #[test]
    fn whatever_is_measured_there_is_a_verdict(
        samples in proptest::collection::vec((0_u64..6000, any::<f32>(), 0.0_f32..1.0), 0..60),
        expected in any::<f32>(),
    ) {
        let plan = plan(LightMode::Calm, 1);
        let mut response = LightResponse::default();
        for (at, wild, tame) in samples {
            let light = LightMeasures { face_rgb: [wild, tame, tame], surround_rgb: [tame, wild, tame] };
            response.add(Duration::from_millis(at), &light);
        }
        if let Some(fit) = response.fit(&plan) {
            let _ = fit.verdict(expected);
        }
    }
}

#[test]
fn a_plan_needs_its_random_bytes() {
    assert_eq!(LightPlan::draw(LightMode::Normal, &[0; 7]), None);
    let all_of = |mode: LightMode| {
        let mut count = 0;
        for_all_plans(mode.steps(), |_| count += 1);
        count
    };
    assert_eq!(
        (all_of(LightMode::Normal), all_of(LightMode::Calm)),
        (4 * 3_i32.pow(7), 4 * 3_i32.pow(5))
    );
}
