//! The verbs that look for a palm.

use expect_test::expect;
use palm::sim::{Presented, Protocol};

use super::{AI10, check, finish, interrupt, palm, simulate, start, text};

#[test]
fn verify_tells_whose_palm_it_is_and_what_was_measured() {
    check(
        "verify",
        0,
        &expect![[r#"
        result         identified
        reference      1002
        seal           absent
    "#]],
    );
    check(
        "verify --json --limit-s 3",
        0,
        &expect![[r#"
            {"device_key":null,"quality":[],"readings":{"ambient_temperature_celsius":null,"liveness":null,"surface_temperature_celsius":null,"vascular_quality":null,"volume_ml":null},"reference":1002,"result":"identified","seal":"absent"}
        "#]],
    );
}

#[test]
fn enrol_tells_where_the_palm_is_stored() {
    check(
        "enrol --tag s-81f2",
        0,
        &expect![[r#"
        result         enrolled
        reference      1003
    "#]],
    );
    check(
        "enrol --tag s-81f2 --json",
        0,
        &expect![[r#"
        {"reference":1003,"result":"enrolled"}
    "#]],
    );
}

#[test]
fn a_scanner_that_measures_and_signs_is_shown_whole() {
    let reference = Protocol::Reference;
    let simulator = simulate(reference, &["s-1"], &[]);
    let run = |verb| palm(&simulator, reference, verb).output().unwrap();
    expect![[r#"
        result         identified
        reference      1
        volume         360 ml
        skin           33.4 °C
        ambient        23.5 °C
        veins          0.87
        liveness       0.93
        seal           valid
        device key     02a7c2329121cfcd56c3a1d2cb55bde608659bc80af7504744e8d69119e2d83348
    "#]]
    .assert_eq(&text(&run("verify").stdout));
    expect![[r#"
        {"device_key":"02a7c2329121cfcd56c3a1d2cb55bde608659bc80af7504744e8d69119e2d83348","quality":[],"readings":{"ambient_temperature_celsius":23.5,"liveness":0.93,"surface_temperature_celsius":33.4,"vascular_quality":0.87,"volume_ml":360.0},"reference":1,"result":"identified","seal":"valid"}
    "#]].assert_eq(&text(&run("verify --json").stdout));
}

#[test]
fn a_thermometer_beside_the_scanner_is_read_too() {
    let (simulator, beside) = (
        simulate(AI10, &["s-1"], &[]),
        simulate(Protocol::Mcu90615, &[], &[]),
    );
    let mut command = palm(&simulator, AI10, "verify");
    let answer = command
        .arg("--thermometer-port")
        .arg(beside.port())
        .output()
        .unwrap();
    expect![[r#"
        result         identified
        reference      1001
        skin           33.4 °C
        ambient        23.5 °C
        seal           absent
    "#]]
    .assert_eq(&text(&answer.stdout));
    let mut command = palm(&simulator, AI10, "info --json");
    let answer = command
        .arg("--thermometer-port")
        .arg(beside.port())
        .output()
        .unwrap();
    let object: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(object["thermometer"], "mcu-90615");
    assert_eq!(object["capabilities"]["temperature"], true);
}

#[test]
fn the_technician_is_prompted_and_reads_no_name() {
    let simulator = simulate(AI10, &["s-secret"], &[]);
    let answer = palm(&simulator, AI10, "verify").output().unwrap();
    expect![[r#"
        Hold the palm over the sensor. Ctrl-C cancels.
        Hand too far: bring it closer.
        Hand too low: move it up.
        Hand in place: hold still.
    "#]]
    .assert_eq(&text(&answer.stderr));
    assert!(!text(&answer.stdout).contains("secret"));
}

#[test]
fn a_stranger_is_no_match() {
    let simulator = simulate(AI10, &["s-1"], &[]);
    simulator.handle().present(Presented::Stranger);
    let answer = palm(&simulator, AI10, "verify").output().unwrap();
    assert_eq!(answer.status.code(), Some(10));
}

#[test]
fn ctrl_c_cancels_a_capture_and_says_so() {
    for (verb, expect) in [
        (
            "verify --limit-s 20",
            expect![[r#"
            Cancelled; the scanner is in standby again.
        "#]],
        ),
        (
            "enrol --tag s-2 --limit-s 20 --json",
            expect![[r#"
            {"result":"cancelled"}
        "#]],
        ),
    ] {
        let simulator = simulate(AI10, &[], &["nobody"]);
        let (child, stderr) = start(palm(&simulator, AI10, verb), "No hand seen");
        interrupt(&child);
        let answer = finish(child);
        drop(stderr);
        assert_eq!(answer.status.code(), Some(130));
        expect.assert_eq(&text(&answer.stdout));
        // The scanner takes commands again, and keeps nothing of what was cut short.
        simulator.handle().set_faults(Vec::new());
        let answer = palm(&simulator, AI10, "ids").output().unwrap();
        assert_eq!(text(&answer.stdout), "No palm is stored.\n");
    }
}
