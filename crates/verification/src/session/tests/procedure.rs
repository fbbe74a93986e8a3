//! What the institution's profile asks for: fields, consents, requirement, operator, the centre's page, requests.

use super::*;
use crate::policy::OperatorPresence;
use crate::service::{
    AssistedRoute, ChoiceOption, Condition, Field, FieldKind, LegalBasis, RequestDemand, RequestKind,
    Requirement, SuspicionRule, Test, Texts,
};

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.into(),
        kind,
        required: true,
        label: Texts::default(),
        hint: Texts::default(),
        when: None,
    }
}

fn above(field: &str, bound: u64) -> Condition {
    Condition {
        field: field.into(),
        test: Test::Above(bound),
    }
}

/// A loan that is verified above a threshold, and whose number of numbers is suspicious above ten.
pub(super) fn loan() -> Service {
    let mut purposes = field("purposes", FieldKind::Text { max_chars: 100 });
    purposes.when = Some(above("numbers", 10));
    let mut comment = field("comment", FieldKind::Text { max_chars: 10 });
    comment.required = false;
    let consent = |text: &str, refusal| ConsentDemand {
        refusal,
        ..ConsentDemand::required(text, 1)
    };
    Service {
        id: ServiceId("loan".into()),
        legal_basis: vec![LegalBasis {
            id: "some-act".into(),
            title: Texts::default(),
        }],
        requirement: Requirement::When(vec![above("amount", 150_000), above("numbers", 5)]),
        consents: vec![
            consent("processing", Refusal::Ends),
            consent("automated-decision", Refusal::Refers),
            consent("nbas-enrolment", Refusal::Continues),
        ],
        fields: vec![
            field(
                "amount",
                FieldKind::Amount {
                    min_tenge: 1,
                    max_tenge: 1_000_000,
                },
            ),
            field("numbers", FieldKind::Count { min: 1, max: 50 }),
            purposes,
            comment,
        ],
        face: true,
        hosted_page: true,
        assisted: vec![AssistedRoute::Video],
        suspicions: vec![SuspicionRule {
            code: "numbers-above-cap".into(),
            when: above("numbers", 10),
        }],
        ..Service::default()
    }
}

fn rights() -> Service {
    let option = |name: &str| ChoiceOption {
        name: name.into(),
        title: Texts::default(),
    };
    let kind = |name: &str, working_days| RequestKind {
        name: name.into(),
        working_days,
    };
    Service {
        id: ServiceId("rights".into()),
        fields: vec![field(
            "right",
            FieldKind::Choice(vec![option("information"), option("erasure")]),
        )],
        face: true,
        request: Some(RequestDemand {
            by: Some("right".into()),
            kinds: vec![kind("information", 3), kind("erasure", 1)],
        }),
        ..Service::default()
    }
}

fn kiosk_of(service: Service) -> Kiosk {
    assert_eq!(service.fault(), None);
    let id = service.id.clone();
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.catalogue.push(service);
    kiosk.give(Input::ServiceChosen(id));
    kiosk
}

fn enter(field: &str, value: &str) -> Input {
    Input::FieldEntered {
        field: field.into(),
        value: Sensitive::new(value.into()),
    }
}

fn answer(text: &str, given: bool) -> Input {
    Input::ConsentAnswered {
        text: text.into(),
        given,
    }
}

fn consented(kiosk: &mut Kiosk, nbas: bool) -> &mut Kiosk {
    kiosk
        .give(answer("processing", true))
        .give(answer("automated-decision", true))
        .give(answer("nbas-enrolment", nbas))
}

/// Which field is shown, and what was wrong with the last entry.
fn shown(kiosk: &Kiosk) -> (String, Option<FieldError>) {
    match kiosk.session.showing() {
        Showing::Field { field, error, .. } => (field.name, error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_amount_below_the_threshold_needs_no_verification_and_says_so_in_a_document() {
    let mut kiosk = kiosk_of(loan());
    consented(&mut kiosk, true).give(enter("amount", "2000000"));
    assert_eq!(
        shown(&kiosk),
        ("amount".into(), Some(FieldError::TooLarge(1_000_000)))
    );
    kiosk.give(enter("amount", "150000")).give(enter("numbers", "5"));
    assert_eq!(shown(&kiosk), ("comment".into(), None));
    kiosk.give(enter("comment", ""));
    let document = &kiosk.documents[0];
    assert_eq!(document.outcome, Outcome::NotRequired);
    assert_eq!(document.legal_basis, ["some-act"]);
    let entries: Vec<_> = document
        .entries
        .iter()
        .map(|entry| (entry.field.as_str(), entry.value.expose().as_str()))
        .collect();
    assert_eq!(entries, [("amount", "150000"), ("numbers", "5")]);
    assert_eq!((document.claim.clone(), document.suspicions.len()), (None, 0));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Outcome {
            outcome: Outcome::NotRequired,
            document_id: Some(DOCUMENT),
            ..
        }
    ));
}

#[test]
fn above_the_cap_more_is_asked_and_the_institution_hears_of_it() {
    let mut kiosk = kiosk_of(loan());
    consented(&mut kiosk, false)
        .give(enter("amount", "1"))
        .give(enter("numbers", "11"));
    assert_eq!(shown(&kiosk), ("purposes".into(), None));
    // An entry for a field that is not shown is none.
    kiosk.give(enter("amount", "7"));
    assert_eq!(shown(&kiosk), ("purposes".into(), None));
    kiosk.give(enter("purposes", ""));
    assert_eq!(shown(&kiosk), ("purposes".into(), Some(FieldError::Missing)));
    // Back and forth again: what was taken back is asked for again.
    kiosk.give(Input::Back);
    assert_eq!(shown(&kiosk), ("numbers".into(), None));
    kiosk
        .give(enter("numbers", "12"))
        .give(enter("purposes", "taxi fleet"))
        .give(enter("comment", "none"))
        .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
        .give(Input::MethodChosen(Modality::Face))
        .act(true);
    let document = &kiosk.documents[0];
    assert_eq!(document.outcome, Outcome::AwaitingIdentification);
    assert_eq!(document.suspicions, ["numbers-above-cap"]);
    let given: Vec<_> = document.consents.iter().map(|consent| consent.given).collect();
    assert_eq!(given, [true, true, false]);
    assert_eq!(document.entries.len(), 4);
    assert!(document.stills.iter().all(|still| still.quality.is_some()));
}

#[test]
fn a_refused_automated_decision_leads_to_people() {
    let mut kiosk = kiosk_of(loan());
    kiosk
        .give(answer("processing", true))
        .give(answer("automated-decision", false));
    let document = &kiosk.documents[0];
    assert_eq!(document.outcome, Outcome::Referred);
    assert_eq!((document.consents.len(), document.consents[1].given), (2, false));
    let mut kiosk = kiosk_of(loan());
    kiosk.give(answer("processing", false));
    assert!(kiosk.documents.is_empty());
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Outcome {
            outcome: Outcome::Withdrawn,
            document_id: None,
            ..
        }
    ));
}

#[test]
fn a_number_that_was_given_is_not_asked_for_again() {
    let service = Service {
        id: ServiceId("sim".into()),
        fields: vec![
            field("phone", FieldKind::Phone { call_back: true }),
            field("other", FieldKind::Phone { call_back: true }),
            field("new", FieldKind::Phone { call_back: false }),
            field("word", FieldKind::Text { max_chars: 20 }),
        ],
        face: true,
        assisted: vec![AssistedRoute::Video],
        ..Service::default()
    };
    let mut kiosk = kiosk_of(service);
    kiosk
        .give(enter("phone", "+77010000001"))
        .give(enter("other", "87010000002"))
        .give(enter("new", "+77010000003"))
        .give(enter("word", "+77010000004"))
        .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
        .give(Input::CallBackOnGiven);
    assert!(kiosk.documents.is_empty(), "nobody asked for a call yet");
    kiosk.give(Input::AssistedChosen(AssistedRoute::Video));
    assert_eq!(
        kiosk.session.showing(),
        Showing::CallBack {
            error: None,
            given: true
        }
    );
    kiosk.give(Input::CallBackOnGiven);
    assert_eq!(kiosk.outcome(), Some(Outcome::Referred));
    let number = kiosk.documents[0].call_back.as_ref().unwrap();
    assert_eq!(number.expose(), "+77010000002");
}

#[test]
fn nobody_is_captured_without_the_operator_where_one_is_wanted() {
    let operator = |code: &str| Input::OperatorEntered(Sensitive::new(code.into()));
    let start = || {
        let mut kiosk = Kiosk::new();
        kiosk.session.opening.policy.operator = OperatorPresence::Required;
        kiosk.reach_camera();
        assert_eq!(kiosk.session.showing(), Showing::Operator { refused: None });
        kiosk
    };
    let mut kiosk = start();
    kiosk.give(operator("4321"));
    assert_eq!(
        kiosk.session.showing(),
        Showing::Operator {
            refused: Some(CodeRefusal::Wrong)
        }
    );
    kiosk
        .give(operator("1234"))
        .give(Input::MethodChosen(Modality::Face))
        .act(true);
    assert_eq!(kiosk.documents[0].operator.as_deref(), Some("operator-7"));

    // Nor by going back and beginning to guess anew.
    for back in [0, 1, 9] {
        let mut kiosk = start();
        for _ in 0..2 {
            kiosk.give(operator("0000"));
            assert_eq!(
                kiosk.session.showing(),
                Showing::Operator {
                    refused: Some(CodeRefusal::Wrong)
                }
            );
            for _ in 0..back {
                kiosk.give(Input::Back);
            }
            match back {
                0 => {}
                1 => {
                    kiosk.give(Input::ClaimEntered(Sensitive::new(IIN.into())));
                }
                _ => {
                    assert_eq!(kiosk.session.showing(), Showing::Service);
                    kiosk.reach_camera();
                }
            }
            assert_eq!(
                kiosk.session.showing(),
                Showing::Operator {
                    refused: (back == 0).then_some(CodeRefusal::Wrong)
                }
            );
        }
        kiosk.give(operator("0000"));
        assert!(matches!(
            kiosk.session.showing(),
            Showing::Outcome {
                outcome: Outcome::Withdrawn,
                ..
            }
        ));
        assert!(kiosk.documents.is_empty());
    }
}

#[test]
fn a_code_that_is_not_looked_at_is_no_wrong_one() {
    let operator = |code: &str| Input::OperatorEntered(Sensitive::new(code.into()));
    let mut kiosk = Kiosk::new();
    kiosk.session.opening.policy.operator = OperatorPresence::Required;
    kiosk.reach_camera();
    for _ in 0..9 {
        kiosk.give(operator("9999"));
        assert_eq!(
            kiosk.session.showing(),
            Showing::Operator {
                refused: Some(CodeRefusal::Paused(PAUSE))
            }
        );
    }
    let paused = kiosk
        .audit
        .iter()
        .filter(|event| **event == AuditEvent::OperatorPaused);
    assert_eq!(paused.count(), 9);
    // Somebody else is there as well.
    kiosk.give(operator("1234"));
    assert!(matches!(kiosk.session.showing(), Showing::Method { .. }));
}

#[test]
fn the_centres_page_is_shown_and_its_answer_ends_the_session() {
    let page = |document_id| Input::HostedPageOpened {
        document_id,
        url: Sensitive::new("https://centre.example/s/1".into()),
    };
    let start = || {
        let mut kiosk = kiosk_of(loan());
        consented(&mut kiosk, true)
            .give(enter("amount", "200000"))
            .give(enter("numbers", "1"))
            .give(enter("comment", ""))
            .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
            .give(Input::HostedPageChosen);
        assert_eq!(kiosk.session.showing(), Showing::HostedPage { url: None });
        kiosk
    };
    let mut kiosk = start();
    let document = &kiosk.documents[0];
    assert_eq!((document.route, document.attempts.len()), (Route::HostedPage, 0));
    assert_eq!(
        (document.outcome, document.stills.len()),
        (Outcome::AwaitingIdentification, 0)
    );
    assert!(
        !kiosk.cleared,
        "attempts at the kiosk are not accounted for by the centre's page"
    );
    kiosk.give(page(DocumentId([9; 16])));
    assert_eq!(kiosk.session.showing(), Showing::HostedPage { url: None });
    kiosk.give(page(DOCUMENT));
    assert!(matches!(
        kiosk.session.showing(),
        Showing::HostedPage { url: Some(_) }
    ));
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Centre,
        verdict: Verdict::NotCompleted,
        request: None,
        reason: None,
    });
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Outcome {
            outcome: Outcome::NotVerified,
            verdict: Some(Verdict::NotCompleted),
            ..
        }
    ));

    for leave in [Input::Cancel, Input::Tick] {
        let mut kiosk = start();
        kiosk.at += hosted::PATIENCE;
        kiosk.give(leave);
        assert!(matches!(
            kiosk.session.showing(),
            Showing::Outcome {
                outcome: Outcome::AwaitingIdentification,
                document_id: Some(_),
                ..
            }
        ));
    }

    // A service that does not allow it has no such way.
    let mut kiosk = Kiosk::new();
    kiosk.reach_method().give(Input::HostedPageChosen);
    assert!(matches!(kiosk.session.showing(), Showing::Method { .. }));
}

#[test]
fn a_request_is_due_within_its_working_days_and_only_if_the_person_was_captured() {
    let start = || {
        let mut kiosk = kiosk_of(rights());
        kiosk
            .give(enter("right", "erasure"))
            .give(Input::ClaimEntered(Sensitive::new(IIN.into())))
            .give(Input::MethodChosen(Modality::Face));
        kiosk
    };
    let mut kiosk = start();
    kiosk.act(true);
    let request = kiosk.documents[0].request.clone().unwrap();
    // 12 July 2026 is a Sunday.
    let due = Date::new(2026, 7, 13).unwrap();
    assert_eq!((request.kind.as_str(), request.due), ("erasure", due));
    kiosk.give(Input::Identified {
        document_id: DOCUMENT,
        decided_by: Source::Centre,
        verdict: Verdict::Match,
        request: Some(RequestStanding::InProgress),
        reason: None,
    });
    assert!(matches!(
        kiosk.session.showing(),
        Showing::Outcome { request_due: Some(shown), request: Some(RequestStanding::InProgress), .. } if shown == due
    ));

    let mut kiosk = start();
    kiosk.give(Input::Cancel);
    assert_eq!(kiosk.documents[0].request, None);
}

#[test]
fn a_service_that_contradicts_itself_is_refused() {
    use crate::service::ServiceFault;
    let check = |spoil: fn(&mut Service), expect: &ServiceFault| {
        let mut service = loan();
        spoil(&mut service);
        assert_eq!(service.fault().as_ref(), Some(expect));
    };
    let unknown = |name: &str| ServiceFault::UnknownField(name.into());
    check(
        |service| service.fields[0].when = Some(above("numbers", 1)),
        &unknown("numbers"),
    );
    check(
        |service| service.suspicions[0].when = above("x", 1),
        &unknown("x"),
    );
    check(
        |service| service.requirement = Requirement::When(Vec::new()),
        &ServiceFault::NeverRequired,
    );
    check(
        |service| (service.face, service.hosted_page) = (false, false),
        &ServiceFault::NoWay,
    );
    check(|service| service.enrols_palm = true, &ServiceFault::Enrolment);
    check(
        |service| service.fields.push(service.fields[0].clone()),
        &ServiceFault::TwiceTheSameField("amount".into()),
    );
    check(
        |service| service.asks_request_state = true,
        &ServiceFault::RequestState,
    );
    check(
        |service| {
            service.request = Some(RequestDemand {
                by: Some("amount".into()),
                kinds: Vec::new(),
            });
        },
        &unknown("amount"),
    );
    let mut service = rights();
    service.request.as_mut().unwrap().kinds.pop();
    assert_eq!(service.fault(), Some(ServiceFault::NoDeadline("erasure".into())));
}
