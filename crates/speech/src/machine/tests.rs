use proptest::prelude::*;

use super::*;

fn utterance(urgency: Urgency, parts: &[&str]) -> Input {
    Input::Say(Utterance {
        number: 7,
        urgency,
        parts: parts
            .iter()
            .map(|text| Part::public(Language::Kk, *text))
            .collect(),
    })
}

fn digit(instead: &str) -> Input {
    Input::Say(Utterance {
        number: 8,
        urgency: Urgency::Now,
        parts: vec![Part {
            language: Language::Kk,
            words: Words::new("7"),
            private: Some(Private::Typed),
            instead: Some(Words::new(instead)),
        }],
    })
}

/// One word for each effect.
fn words(effects: &[Effect]) -> Vec<String> {
    effects
        .iter()
        .filter(|effect| **effect != Effect::Changed)
        .map(|effect| match effect {
            Effect::Play { id, words, .. } => format!("{id}:{}", words.expose()),
            Effect::Silence => "silence".into(),
            Effect::Volume(step) => format!("volume {step}"),
            Effect::Changed => "changed".into(),
        })
        .collect()
}

fn check(script: &[(Input, &[&str])]) -> Machine {
    let mut machine = Machine::new(5);
    for (at, (input, expect)) in script.iter().enumerate() {
        assert_eq!(
            words(&machine.step(input.clone())),
            *expect,
            "step {at}: {input:?}"
        );
    }
    machine
}

#[test]
fn nothing_is_said_before_it_is_wanted() {
    check(&[
        (utterance(Urgency::Now, &["welcome"]), &[]),
        (Input::Repeat, &[]),
        (Input::Start, &[]),
        (utterance(Urgency::Now, &["welcome"]), &["1:welcome"]),
        (Input::End, &["silence"]),
        (utterance(Urgency::Now, &["service"]), &[]),
    ]);
}

#[test]
fn parts_follow_each_other_and_an_action_ends_them() {
    check(&[
        (Input::Start, &[]),
        (utterance(Urgency::Now, &["a", " ", "b", "c"]), &["1:a"]),
        (Input::Finished(1), &["2:b"]),
        (Input::Acted, &["silence"]),
        // The player said so before it heard of the silence.
        (Input::Finished(2), &[]),
        (utterance(Urgency::Now, &["d"]), &["3:d"]),
        (utterance(Urgency::Now, &["e"]), &["silence", "4:e"]),
    ]);
}

#[test]
fn what_follows_waits_and_is_forgotten_with_the_rest() {
    check(&[
        (Input::Start, &[]),
        (utterance(Urgency::Now, &["a"]), &["1:a"]),
        (utterance(Urgency::Next, &["b"]), &[]),
        (Input::Finished(1), &["2:b"]),
        (utterance(Urgency::Next, &["c"]), &[]),
        (Input::Stop, &["silence"]),
        (Input::Finished(2), &[]),
    ]);
}

#[test]
fn a_prompt_is_heard_whole_and_never_old() {
    check(&[
        (Input::Start, &[]),
        (utterance(Urgency::Now, &["screen", "long"]), &["1:screen"]),
        (
            utterance(Urgency::Newest, &["closer", "beside"]),
            &["silence", "2:closer"],
        ),
        (utterance(Urgency::Newest, &["left"]), &[]),
        (utterance(Urgency::Newest, &["hold"]), &[]),
        (Input::Finished(2), &["3:hold"]),
        (Input::Finished(3), &[]),
    ]);
}

#[test]
fn the_last_utterance_can_be_heard_again_but_no_typed_character() {
    check(&[
        (Input::Start, &[]),
        (utterance(Urgency::Now, &["a", "b"]), &["1:a"]),
        (digit("a digit"), &["silence", "2:a digit"]),
        (Input::Repeat, &["silence", "3:a"]),
        (Input::Finished(3), &["4:b"]),
        (Input::SessionEnded, &["silence"]),
        (Input::Start, &[]),
        (Input::Repeat, &[]),
    ]);
}

#[test]
fn private_words_need_a_headset_or_the_persons_own_choice() {
    check(&[
        (Input::Start, &[]),
        (digit("a digit"), &["1:a digit"]),
        (digit(""), &["silence"]),
        (Input::Headset(true), &[]),
        (digit("a digit"), &["2:7"]),
        // It stops in the middle of the word.
        (Input::Headset(false), &["silence"]),
        (digit("a digit"), &["3:a digit"]),
        (Input::PrivateAloud(true), &[]),
        (digit("a digit"), &["silence", "4:7"]),
        (Input::PrivateAloud(false), &["silence"]),
        (Input::PrivateAloud(true), &[]),
        (Input::SessionEnded, &[]),
        (Input::Start, &[]),
        (digit("a digit"), &["5:a digit"]),
    ]);
}

#[test]
fn a_headset_begins_speech_and_its_plug_ends_it() {
    let machine = check(&[
        (Input::Headset(true), &[]),
        (utterance(Urgency::Now, &["a"]), &["1:a"]),
        (Input::Headset(false), &["silence"]),
    ]);
    assert!(!machine.state().on);
    let machine = check(&[
        (Input::Headset(true), &[]),
        // Whoever sits down next with the headset plugged hears the welcome.
        (Input::SessionEnded, &[]),
    ]);
    assert!(machine.state().on);
}

#[test]
fn the_volume_is_everybodys_own() {
    let machine = check(&[
        (Input::Start, &[]),
        (Input::Louder, &["volume 6"]),
        (Input::Louder, &["volume 7"]),
        (Input::SessionEnded, &["volume 5"]),
    ]);
    assert_eq!(machine.state().volume, 5);
    let mut machine = Machine::new(200);
    assert_eq!(words(&machine.step(Input::Louder)), [""; 0]);
    for _ in 0..20 {
        machine.step(Input::Quieter);
    }
    assert_eq!(machine.state().volume, VOLUME_MIN);
}

#[test]
fn the_caption_is_what_is_heard() {
    let mut machine = Machine::new(5);
    machine.step(Input::Start);
    let caption = |machine: &Machine| {
        let caption = machine.state().saying?;
        Some((caption.utterance, caption.part, caption.instead))
    };
    machine.step(utterance(Urgency::Now, &["", "a", "b"]));
    assert_eq!(caption(&machine), Some((7, 1, false)));
    machine.step(Input::Finished(1));
    assert_eq!(caption(&machine), Some((7, 2, false)));
    machine.step(digit("a digit"));
    assert_eq!(caption(&machine), Some((8, 0, true)));
    machine.step(Input::PrivateAloud(true));
    machine.step(digit("a digit"));
    assert_eq!(caption(&machine), Some((8, 0, false)));
    machine.step(Input::Stop);
    assert_eq!(caption(&machine), None);
}

fn any_input() -> impl Strategy<Value = Input> {
    let urgency = prop_oneof![Just(Urgency::Now), Just(Urgency::Next), Just(Urgency::Newest)];
    let part = (any::<bool>(), any::<bool>()).prop_map(|(private, instead)| Part {
        language: Language::Ru,
        words: Words::new(if private { "secret" } else { "open" }),
        private: private.then_some(Private::Shown),
        instead: instead.then(|| Words::new("instead")),
    });
    let say = (urgency, prop::collection::vec(part, 0..4)).prop_map(|(urgency, parts)| {
        Input::Say(Utterance {
            number: 9,
            urgency,
            parts,
        })
    });
    prop_oneof![
        4 => say,
        1 => Just(Input::Start),
        1 => Just(Input::End),
        1 => any::<bool>().prop_map(Input::Headset),
        1 => Just(Input::Acted),
        1 => Just(Input::Repeat),
        1 => Just(Input::Stop),
        1 => Just(Input::Louder),
        1 => Just(Input::Quieter),
        1 => any::<bool>().prop_map(Input::PrivateAloud),
        4 => (0..40_u64).prop_map(Input::Finished),
        1 => Just(Input::SessionEnded),
        1 => Just(trial("open")),
    ]
}

fn trial(text: &str) -> Input {
    Input::Try(Part::public(Language::Kk, text))
}

/// The technician hears it without speech, and neither the volume nor what the next person finds is another then.
#[test]
fn a_trial_is_heard_also_where_screens_are_not_spoken() {
    let mut machine = Machine::new(6);
    let before = machine.state();
    assert_eq!(words(&machine.step(trial("one two"))), ["1:one two"]);
    assert!(machine.state().trying && !machine.state().on);
    assert_eq!(machine.state().saying, None, "no screen says it");
    assert!(machine.step(utterance(Urgency::Now, &["a"])).is_empty());
    assert_eq!(machine.step(Input::Finished(1)), [Effect::Changed]);
    assert_eq!(machine.state(), before);
    // It is not what a person can have repeated.
    machine.step(Input::Start);
    assert_eq!(words(&machine.step(Input::Repeat)), [""; 0]);
}

#[test]
fn what_screens_say_waits_for_the_end_of_a_trial() {
    let mut machine = Machine::new(6);
    machine.step(Input::Start);
    machine.step(utterance(Urgency::Now, &["screen"]));
    assert_eq!(words(&machine.step(trial("one"))), ["silence", "2:one"]);
    // The page says that it plays: of two screens only the newer one is said afterwards.
    for text in ["old", "new"] {
        assert!(machine.step(utterance(Urgency::Now, &[text])).is_empty());
    }
    assert_eq!(words(&machine.step(Input::Finished(2))), ["3:new"]);
    assert!(!machine.state().trying);
    // Another trial takes the place of the first; whatever silences speech ends it.
    machine.step(trial("two"));
    assert_eq!(words(&machine.step(trial("three"))), ["silence", "5:three"]);
    for end in [
        Input::Acted,
        Input::Stop,
        Input::End,
        Input::SessionEnded,
        Input::Headset(false),
    ] {
        machine.step(trial("four"));
        assert_eq!(words(&machine.step(end.clone())), ["silence"], "{end:?}");
        assert!(!machine.state().trying);
    }
}

proptest! {
    /// One sound at a time, private words only where they may be, and none while speech is off.
    #[test]
    fn nothing_is_said_over_another_and_nothing_private_aloud(inputs in prop::collection::vec(any_input(), 0..60)) {
        let mut machine = Machine::new(5);
        let mut playing = None;
        for input in inputs {
            if let Input::Finished(id) = input && playing == Some(id) {
                playing = None;
            }
            let before = machine.state();
            let effects = machine.step(input);
            prop_assert_eq!(effects.contains(&Effect::Changed), machine.state() != before);
            for effect in effects {
                match effect {
                    Effect::Play { id, words, private, .. } => {
                        prop_assert_eq!(playing, None);
                        playing = Some(id);
                        let state = machine.state();
                        prop_assert!(state.on || state.trying);
                        let allowed = state.headset || state.private_aloud;
                        prop_assert!(private.is_none() || allowed);
                        prop_assert!(words.expose() != "secret" || allowed);
                    }
                    Effect::Silence => playing = None,
                    Effect::Volume(step) => prop_assert!((VOLUME_MIN..=VOLUME_MAX).contains(&step)),
                    Effect::Changed => {}
                }
            }
        }
    }
}
