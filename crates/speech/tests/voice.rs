//! The thread as a whole: clips of a pack, a headset, and a machine without a sound card.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use speech::clip::Clip;
use speech::headset::Source;
use speech::machine::{Input, Part, Private, Urgency, Utterance};
use speech::pack;
use speech::phrase::key;
use speech::stock::{Found, PackStock};
use speech::voice::{Output, Setup, Status, Voice};
use speech::{Language, Words};

/// Longer than anything here takes on a loaded machine.
const LIMIT: Duration = Duration::from_secs(60);

/// A pack with "a" for a tenth of a second and "long" for ten minutes, which nobody waits for.
fn packed(folder: &Path) -> PathBuf {
    let path = folder.join("phrases.pack");
    let clip = |seconds_tenths: usize| Clip::new(8_000, vec![1_000; 800 * seconds_tenths]).unwrap();
    let clips = BTreeMap::from([
        (key(Language::Kk, "a"), clip(1)),
        (key(Language::Kk, "long"), clip(6_000)),
    ]);
    pack::write(&path, [0; 32], &clips).unwrap();
    path
}

fn voice(setup: Setup) -> (Voice, Receiver<Status>) {
    let voice = Voice::start(setup).unwrap();
    let (sender, states) = channel();
    voice.listen(move |status| {
        // The test may be over.
        let _ = sender.send(status);
    });
    (voice, states)
}

fn wait(states: &Receiver<Status>, what: &str, right: impl Fn(&Status) -> bool) -> Status {
    loop {
        let status = states
            .recv_timeout(LIMIT)
            .unwrap_or_else(|_| panic!("{what} did not come"));
        if right(&status) {
            return status;
        }
    }
}

fn say(parts: &[&str]) -> Input {
    Input::Say(Utterance {
        number: 1,
        urgency: Urgency::Now,
        parts: parts
            .iter()
            .map(|text| Part::public(Language::Kk, *text))
            .collect(),
    })
}

#[test]
fn what_is_said_is_written_down_and_what_is_private_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (log, plug) = (folder.path().join("said"), folder.path().join("plug"));
    let (voice, states) = voice(Setup {
        pack: Some(packed(folder.path())),
        engine: None,
        output: Output::Log(log.clone()),
        volume: 5,
        headset: Source::File(plug.clone()),
    });
    std::fs::write(&plug, "1").unwrap();
    wait(&states, "the headset", |status| {
        status.state.headset && status.state.on
    });
    voice.tell(say(&["a", "long"]));
    wait(&states, "the second part", |status| {
        status.state.saying.is_some_and(|saying| saying.part == 1)
    });
    voice.tell(Input::Stop);
    wait(&states, "silence", |status| status.state.saying.is_none());
    voice.tell(Input::Say(Utterance {
        number: 2,
        urgency: Urgency::Now,
        parts: vec![Part {
            language: Language::Kk,
            words: Words::new("a"),
            private: Some(Private::Shown),
            instead: None,
        }],
    }));
    wait(&states, "the private part", |status| status.state.heard == 2);
    drop(voice);
    let lines: Vec<String> = std::fs::read_to_string(&log)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        lines,
        [
            r#"{"n":1,"language":"kk","text":"a","found":"pack","volume":5}"#,
            r#"{"n":1,"interrupted":false}"#,
            r#"{"n":2,"language":"kk","text":"long","found":"pack","volume":5}"#,
            r#"{"n":2,"interrupted":true}"#,
            r#"{"n":3,"language":"kk","found":"pack","private":"shown","volume":5}"#,
            r#"{"n":3,"interrupted":false}"#,
        ]
    );
}

#[test]
fn a_machine_without_sound_runs_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (voice, states) = voice(Setup {
        pack: Some(folder.path().join("no such pack")),
        engine: None,
        output: Output::Named("no such device".into()),
        volume: 5,
        headset: Source::Never,
    });
    assert!(!wait(&states, "the state", |_| true).sound);
    voice.tell(Input::Start);
    voice.tell(say(&["a", "b"]));
    wait(&states, "the end of both parts", |status| status.state.heard == 2);
}

/// What the technician hears: without speech, from the pack and not, and what there is to speak with.
#[test]
fn a_technician_hears_a_trial_and_sees_what_there_is_to_speak_with() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("said");
    let (voice, states) = voice(Setup {
        pack: Some(packed(folder.path())),
        engine: None,
        output: Output::Log(log.clone()),
        volume: 5,
        headset: Source::Never,
    });
    let trial = |text: &str| Input::Try(Part::public(Language::Kk, text));
    for (text, found) in [("a", Found::Pack), ("b", Found::Missing)] {
        voice.tell(trial(text));
        let status = wait(&states, "the end of the trial", |status| {
            status.tried.is_some_and(|tried| tried.found == found) && !status.state.trying
        });
        assert!(!status.state.on && status.state.saying.is_none());
    }
    assert_eq!(voice.status().stock, None, "nobody has asked");
    let wanted = [(Language::Kk, "a"), (Language::Kk, "b"), (Language::Ru, "a")];
    voice.take_stock(
        wanted
            .into_iter()
            .map(|(language, text)| (language, text.to_owned()))
            .collect(),
    );
    let stock = wait(&states, "the stock", |status| status.stock.is_some())
        .stock
        .unwrap();
    assert_eq!(voice.status().stock.as_ref(), Some(&stock));
    assert_eq!((stock.pack, stock.engine), (PackStock::Holds(2), None));
    let counts = stock.languages.map(|of| (of.wanted, of.found, of.engine));
    assert_eq!(counts, [(2, 1, false), (1, 0, false), (0, 0, false)]);
    drop(voice);
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(said.contains(r#""text":"a","found":"pack","volume":5"#), "{said}");
    assert!(
        said.contains(r#""text":"b","found":"missing","volume":5"#),
        "{said}"
    );
}
