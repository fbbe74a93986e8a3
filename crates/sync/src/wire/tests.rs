use super::*;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use verification::audit::LogId;

const ID: DocumentId = DocumentId([0xa1; 16]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_kiosk(frame: KioskFrame, expect: Expect) {
    let bytes = frame.encode();
    assert_eq!(KioskFrame::decode(&bytes).as_ref(), Ok(&frame));
    expect.assert_eq(&hex(&bytes));
}

fn check_gateway(frame: GatewayFrame, expect: Expect) {
    let bytes = frame.encode();
    assert_eq!(GatewayFrame::decode(&bytes).as_ref(), Ok(&frame));
    expect.assert_eq(&hex(&bytes));
}

fn hello() -> KioskFrame {
    KioskFrame::Hello {
        protocol: VERSION,
        kiosk_id: "k-1".into(),
        software: "0.1.0".into(),
        awaiting: vec![ID],
        software_sha256: [0xb2; 32],
        capabilities: vec!["face".into()],
        audit: AuditHead {
            log: LogId([0xc3; 16]),
            number: 7,
            hash: [0xd4; 32],
        },
        at: UtcMs(1_790_000_000_000),
        pending: 3,
    }
}

fn welcome(export_recipient: Option<String>) -> GatewayFrame {
    GatewayFrame::Welcome {
        protocol: VERSION,
        gateway: "g".into(),
        window_documents: 16,
        window_bytes: 16 * 1024 * 1024,
        at: UtcMs(-1),
        export_recipient,
    }
}

fn hosted_page(url: &str) -> GatewayFrame {
    GatewayFrame::HostedPage {
        id: ID,
        url: Link(url.into()),
        expires_at: UtcMs(1_790_000_000_000),
    }
}

fn enrol() -> KioskFrame {
    KioskFrame::Enrol {
        protocol: VERSION,
        code: Code("ABCD".into()),
        kiosk_id: "k-1".into(),
        csr: Payload(vec![1]),
        software: "0.1.0".into(),
    }
}

#[test]
fn frames_of_the_kiosk_keep_their_bytes() {
    check_kiosk(
        hello(),
        expect![
            "82028a0002636b2d3165302e312e308150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a15820b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b28164666163658350c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3075820d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d41b000001a0c4506c0003"
        ],
    );
    check_kiosk(
        KioskFrame::Submit {
            id: ID,
            document: Payload(vec![1, 2, 3]),
        },
        expect!["8202830150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a143010203"],
    );
    check_kiosk(
        KioskFrame::ResultSeen { id: ID },
        expect!["8202820250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
    );
    check_kiosk(
        KioskFrame::Renew {
            csr: Payload(vec![1]),
        },
        expect!["820282034101"],
    );
    check_kiosk(enrol(), expect!["82028604026441424344636b2d31410165302e312e30"]);
}

#[test]
fn frames_of_the_gateway_keep_their_bytes() {
    check_gateway(
        welcome(Some("age1x".into())),
        expect!["82028700026167101a0100000020656167653178"],
    );
    check_gateway(welcome(None), expect!["82028600026167101a0100000020"]);
    check_gateway(
        GatewayFrame::Receipt {
            id: ID,
            receipt: Payload(vec![8]),
        },
        expect!["8202830150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a14108"],
    );
    check_gateway(
        GatewayFrame::Identified {
            id: ID,
            document: Payload(vec![9]),
        },
        expect!["8202830350a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a14109"],
    );
    check_gateway(
        GatewayFrame::Resend { ids: vec![ID] },
        expect!["820282058150a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"],
    );
    check_gateway(
        GatewayFrame::Certificates {
            chain: vec![Payload(vec![1]), Payload(vec![2])],
        },
        expect!["820282068241014102"],
    );
    check_gateway(
        hosted_page("https://c.kz/1"),
        expect!["8202840750a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a16e68747470733a2f2f632e6b7a2f311b000001a0c4506c00"],
    );
    check_gateway(GatewayFrame::CallBacks { waiting: 3 }, expect!["8202820803"]);
}

/// All codes, and how they stand in a frame: the numbers are kept for ever.
#[test]
fn reasons_keep_their_numbers() {
    let codes = [
        RefusalCode::Signature,
        RefusalCode::Certificate,
        RefusalCode::Malformed,
        RefusalCode::TooLarge,
        RefusalCode::WrongKiosk,
        RefusalCode::IdConflict,
        RefusalCode::Unavailable { retry_after_ms: 500 },
        RefusalCode::AuditFork,
        RefusalCode::Other(8),
    ];
    for (number, code) in codes.into_iter().enumerate() {
        assert_eq!(code.number() as usize, number);
        let frame = GatewayFrame::Refused { id: ID, code };
        assert_eq!(GatewayFrame::decode(&frame.encode()), Ok(frame));
    }
    check_gateway(
        GatewayFrame::Refused {
            id: ID,
            code: codes[6],
        },
        expect!["8202830250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a182061901f4"],
    );
    check_gateway(
        GatewayFrame::Refused {
            id: ID,
            code: codes[7],
        },
        expect!["8202830250a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a18107"],
    );
    let reasons = [
        ByeReason::Version,
        ByeReason::KioskMismatch,
        ByeReason::Malformed,
        ByeReason::ShuttingDown,
        ByeReason::Replaced,
        ByeReason::Overrun,
        ByeReason::Unknown,
        ByeReason::Revoked,
        ByeReason::EnrolmentRefused,
        ByeReason::RenewalRefused,
        ByeReason::ClockSkew,
        ByeReason::AuditRegressed,
        ByeReason::EnrolmentExpired,
        ByeReason::EnrolmentPending,
        ByeReason::Other(14),
    ];
    for (number, reason) in reasons.into_iter().enumerate() {
        assert_eq!(reason.number() as usize, number);
        let frame = GatewayFrame::Bye { reason };
        assert_eq!(GatewayFrame::decode(&frame.encode()), Ok(frame));
    }
    check_gateway(
        GatewayFrame::Bye {
            reason: ByeReason::Revoked,
        },
        expect!["8202820407"],
    );
}

fn read(hex: &str) -> Result<GatewayFrame, WireError> {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    GatewayFrame::decode(&bytes)
}

#[test]
fn skips_what_a_later_gateway_adds_behind() {
    let id = "50a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1";
    assert_eq!(
        read(&format!("8202{}{id}4108{}", "8401", "187b")),
        Ok(GatewayFrame::Receipt {
            id: ID,
            receipt: Payload(vec![8])
        })
    );
    // A refusal by a number of its own, with a text behind it.
    assert_eq!(
        read(&format!("82028302{id}821863{}", "6178")),
        Ok(GatewayFrame::Refused {
            id: ID,
            code: RefusalCode::Other(99)
        })
    );
    assert_eq!(
        read("820283041863f6"),
        Ok(GatewayFrame::Bye {
            reason: ByeReason::Other(99)
        })
    );
    // A kind of frame that this version does not have; a refusal without its number; a pause without its time.
    for wrong in [
        "82028109".to_owned(),
        format!("82028302{id}80"),
        format!("82028302{id}8106"),
    ] {
        assert!(matches!(read(&wrong), Err(WireError::Malformed(_))), "{wrong}");
    }
}

#[test]
fn says_what_is_wrong() {
    let receipt = GatewayFrame::Receipt {
        id: ID,
        receipt: Payload(vec![8]),
    }
    .encode();
    let mut longer = receipt.clone();
    longer.push(0);
    let mut newer = receipt.clone();
    newer[1] = VERSION + 1;
    assert_eq!(
        GatewayFrame::decode(&newer),
        Err(WireError::Version(u64::from(VERSION) + 1))
    );
    assert!(matches!(
        GatewayFrame::decode(&longer),
        Err(WireError::Malformed(_))
    ));
    assert!(matches!(
        GatewayFrame::decode(&receipt[..receipt.len() - 1]),
        Err(WireError::Malformed(_))
    ));
    assert!(matches!(GatewayFrame::decode(&[]), Err(WireError::Malformed(_))));
    let huge = vec![0; FRAME_MAX_BYTES + 1];
    assert_eq!(
        GatewayFrame::decode(&huge),
        Err(WireError::TooLarge(FRAME_MAX_BYTES + 1))
    );
}

#[test]
fn limits_are_kept() {
    let long = || "x".repeat(TEXT_MAX_BYTES + 1);
    type Change<'a> = &'a dyn Fn(&mut String, &mut Vec<DocumentId>, &mut Vec<String>);
    let hello_with = |change: Change<'_>| {
        let mut frame = hello();
        if let KioskFrame::Hello {
            kiosk_id,
            awaiting,
            capabilities,
            ..
        } = &mut frame
        {
            change(kiosk_id, awaiting, capabilities);
        }
        frame
    };
    for frame in [
        hello_with(&|name, _, _| *name = long()),
        hello_with(&|_, ids, _| *ids = vec![ID; AWAITING_MAX + 1]),
        hello_with(&|_, _, names| *names = vec![String::new(); CAPABILITIES_MAX + 1]),
        hello_with(&|_, _, names| *names = vec![long()]),
        KioskFrame::Renew {
            csr: Payload(vec![0; REQUEST_MAX_BYTES + 1]),
        },
    ] {
        assert!(matches!(
            KioskFrame::decode(&frame.encode()),
            Err(WireError::Malformed(_))
        ));
    }
    // Lists are not even read beyond their limits: millions of empty texts would fit into a frame.
    for frame in [
        hello_with(&|_, ids, _| *ids = vec![ID; AWAITING_MAX + 1]),
        hello_with(&|_, _, names| *names = vec![String::new(); CAPABILITIES_MAX + 1]),
    ] {
        let mut bytes = frame.encode();
        let list_ends = bytes.len() - 1;
        bytes.truncate(list_ends);
        let found = KioskFrame::decode(&bytes).unwrap_err().to_string();
        assert!(found.contains("too many"), "{found}");
    }
    let full = hello_with(&|name, ids, names| {
        *name = "x".repeat(TEXT_MAX_BYTES);
        *ids = vec![ID; AWAITING_MAX];
        *names = vec!["x".repeat(TEXT_MAX_BYTES); CAPABILITIES_MAX];
    });
    assert_eq!(KioskFrame::decode(&full.encode()).as_ref(), Ok(&full));
    assert!(full.encode().len() <= HELLO_MAX_BYTES);
    for frame in [
        welcome(Some(long())),
        GatewayFrame::Resend {
            ids: vec![ID; RESEND_MAX + 1],
        },
        GatewayFrame::Certificates {
            chain: vec![Payload(Vec::new()); CHAIN_MAX + 1],
        },
        hosted_page(&format!("https://{}", "x".repeat(LINK_MAX_BYTES - 7))),
        hosted_page("http://c.kz/1"),
        hosted_page("https://"),
        hosted_page("https://c.kz/ 1"),
        hosted_page("https://c.kz/ә"),
    ] {
        assert!(matches!(
            GatewayFrame::decode(&frame.encode()),
            Err(WireError::Malformed(_))
        ));
    }
}

#[test]
fn the_longest_link_fits() {
    let frame = hosted_page(&format!("https://{}", "x".repeat(LINK_MAX_BYTES - 8)));
    assert_eq!(GatewayFrame::decode(&frame.encode()), Ok(frame));
}

#[test]
fn the_largest_document_fits() {
    let frame = KioskFrame::Submit {
        id: ID,
        document: Payload(vec![7; DOCUMENT_MAX_BYTES]),
    };
    assert_eq!(KioskFrame::decode(&frame.encode()), Ok(frame));
}

#[test]
fn debug_hides_documents_and_codes() {
    let frame = KioskFrame::Submit {
        id: ID,
        document: Payload(vec![77, 78, 79]),
    };
    assert!(format!("{frame:?}").ends_with("document: (3 bytes) }"));
    assert!(!format!("{:?}", enrol()).contains("ABCD"));
    assert!(!format!("{:?}", hosted_page("https://c.kz/1")).contains("c.kz"));
}

proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = KioskFrame::decode(&bytes);
        let _ = GatewayFrame::decode(&bytes);
    }

    #[test]
    fn never_panics_on_damage(at in 0_usize..200, byte: u8, cut in 0_usize..200) {
        let identified = GatewayFrame::Identified { id: ID, document: Payload(vec![9; 20]) };
        let refused = GatewayFrame::Refused { id: ID, code: RefusalCode::Unavailable { retry_after_ms: 1 } };
        for mut bytes in [
            hello().encode(), enrol().encode(), identified.encode(), refused.encode(), welcome(None).encode(),
            hosted_page("https://c.kz/1").encode(),
        ] {
            let last = bytes.len() - 1;
            bytes[at.min(last)] = byte;
            bytes.truncate(bytes.len() - cut.min(last));
            let _ = KioskFrame::decode(&bytes);
            let _ = GatewayFrame::decode(&bytes);
        }
    }

    #[test]
    fn reads_what_it_wrote(
        kiosk_id in ".{0,20}", software in ".{0,20}", ids: Vec<[u8; 16]>, document: Vec<u8>, number: u32, ms: u64,
        hash: [u8; 32], at: i64, pending: u64, capabilities in proptest::collection::vec(".{0,9}", 0..5),
        export_recipient in proptest::option::of(".{0,20}"), link in "[!-~]{1,60}",
    ) {
        let awaiting: Vec<_> = ids.into_iter().map(DocumentId).collect();
        let audit = AuditHead { log: LogId([1; 16]), number: ms, hash };
        for frame in [
            KioskFrame::Hello {
                protocol: VERSION, kiosk_id: kiosk_id.clone(), software: software.clone(), awaiting: awaiting.clone(),
                software_sha256: hash, capabilities, audit, at: UtcMs(at), pending,
            },
            KioskFrame::Submit { id: ID, document: Payload(document.clone()) },
            KioskFrame::Enrol {
                protocol: VERSION, code: Code(software.clone()), kiosk_id, csr: Payload(document.clone()), software,
            },
        ] {
            prop_assert_eq!(KioskFrame::decode(&frame.encode()), Ok(frame));
        }
        for frame in [
            GatewayFrame::Welcome {
                protocol: VERSION, gateway: "g".into(), window_documents: 9, window_bytes: number, at: UtcMs(at),
                export_recipient,
            },
            GatewayFrame::Identified { id: ID, document: Payload(document) },
            GatewayFrame::Refused { id: ID, code: RefusalCode::Unavailable { retry_after_ms: ms } },
            GatewayFrame::Bye { reason: number.into() },
            GatewayFrame::Resend { ids: awaiting },
            GatewayFrame::HostedPage { id: ID, url: Link(format!("https://{link}")), expires_at: UtcMs(at) },
            GatewayFrame::CallBacks { waiting: ms },
        ] {
            prop_assert_eq!(GatewayFrame::decode(&frame.encode()), Ok(frame));
        }
    }
}
