//! The verbs that look, and the one that deletes.

use std::process::Command;

use expect_test::expect;

use super::{AI10, PALM, check, palm, said, simulate, text};

#[test]
fn info_tells_what_the_scanner_is() {
    check(
        "info",
        0,
        &expect![[r#"
        port           PORT
        driver         dfrobot-ai10
        firmware       AI10-SIM 1.0.0
        serial         SIM-0000-0001
        status         standby
        capabilities   vascular, liveness
    "#]],
    );
    check(
        "info --json",
        0,
        &expect![[r#"
        {"capabilities":{"liveness":true,"seal":false,"temperature":false,"vascular":true,"volume":false},"driver":"dfrobot-ai10","firmware":"AI10-SIM 1.0.0","model":"","port":"PORT","serial":"SIM-0000-0001","status":"standby","thermometer":null}
    "#]],
    );
}

#[test]
fn self_test_names_each_part() {
    check(
        "self-test",
        0,
        &expect![[r#"
            line     works   the module answers
            status   works   Standby
            version  works   AI10-SIM 1.0.0
            list     works   2 palms
        "#]],
    );
    check(
        "self-test --json",
        0,
        &expect![[r#"
            {"checks":[{"detail":"the module answers","name":"line","passed":true},{"detail":"Standby","name":"status","passed":true},{"detail":"AI10-SIM 1.0.0","name":"version","passed":true},{"detail":"2 palms","name":"list","passed":true}],"passed":true}
        "#]],
    );
}

#[test]
fn ids_and_delete_speak_of_the_same() {
    check(
        "ids",
        0,
        &expect![[r#"
        1001
        1002
    "#]],
    );
    check(
        "ids --json",
        0,
        &expect![[r#"
        {"references":[1001,1002]}
    "#]],
    );
    check(
        "delete 1001",
        0,
        &expect![[r#"
        1001 is not in the scanner any more.
    "#]],
    );
    check(
        "delete --json 1001",
        0,
        &expect![[r#"
        {"deleted":1001}
    "#]],
    );
    let simulator = simulate(AI10, &["s-1", "s-2"], &[]);
    let run = |verb| said(&palm(&simulator, AI10, verb).output().unwrap().stdout, &simulator);
    run("delete 1001");
    expect![[r#"
        1002
    "#]]
    .assert_eq(&run("ids"));
    run("delete 1002");
    expect![[r#"
        No palm is stored.
    "#]]
    .assert_eq(&run("ids"));
}

#[test]
fn a_fault_is_an_object_too() {
    let simulator = simulate(AI10, &[], &["silence"]);
    let answer = palm(&simulator, AI10, "info --json").output().unwrap();
    expect![[r#"
        {"fault":"timeout","message":"no answer to the command \"reset\""}
    "#]]
    .assert_eq(&text(&answer.stdout));
    expect![[r#"
        alaqan-palm: no answer to the command "reset"
          Check power and cable, and that a scanner of this kind is on the port.
    "#]]
    .assert_eq(&text(&answer.stderr));
    let answer = palm(&simulator, AI10, "info").output().unwrap();
    expect![[r#""#]].assert_eq(&text(&answer.stdout));
}

#[test]
fn list_prints_the_ports_of_this_machine() {
    let run = |arguments: &[&str]| Command::new(PALM).args(arguments).output().unwrap();
    let (plain, json) = (run(&["list"]), run(&["list", "--json"]));
    assert_eq!((plain.status.code(), json.status.code()), (Some(0), Some(0)));
    let object: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let ports = object["ports"].as_array().unwrap();
    if ports.is_empty() {
        assert_eq!(text(&plain.stdout), "This machine has no serial port.\n");
    }
    for port in ports {
        assert!(text(&plain.stdout).contains(port["port"].as_str().unwrap()));
    }
}

#[test]
fn closed_output_is_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let answer = Command::new(PALM).arg("list").stdout(writer).output().unwrap();
    assert_eq!(
        (answer.status.code(), text(&answer.stderr)),
        (Some(1), String::new())
    );
}
