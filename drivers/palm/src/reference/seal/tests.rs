use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use proptest::prelude::*;

use super::*;

struct Device {
    signing: SigningKey,
    key: [u8; 33],
    content: Content,
}

impl Device {
    fn new(seed: u8) -> Self {
        let signing = SigningKey::from_slice(&[seed; 32]).unwrap();
        let point = signing.verifying_key().to_encoded_point(true);
        let key: [u8; 33] = point.as_bytes().try_into().unwrap();
        let content = Content {
            serial: Text::new("VEX-000042"),
            key_id: key_id(&key),
            counter: 1,
            challenge: [7; 32],
            report: Report([5; 18]),
            previous: [0; 32],
        };
        Self {
            signing,
            key,
            content,
        }
    }

    fn sign(&self, statement: Statement) -> Sealed {
        let signature: Signature = self.signing.sign(&statement.0);
        Sealed {
            statement,
            signature: signature.to_bytes().into(),
        }
    }

    /// Signs its content as it stands, and moves on.
    fn seal(&mut self) -> Sealed {
        let sealed = self.sign(self.content.to_statement());
        self.content.counter = self.content.counter.wrapping_add(1);
        self.content.previous = sealed.statement.hash();
        sealed
    }
}

fn fresh() -> Chain {
    let mut chain = Chain::default();
    let start = Head {
        counter: 0,
        hash: [0; 32],
    };
    assert_eq!(chain.resume(start), 0);
    chain
}

const REPORT: Report = Report([5; 18]);

/// What the host says of a seal, with everything else as it should be.
fn said(device: &Device, seal: Option<&Sealed>, pinned: Option<&[u8]>, chain: &mut Chain) -> SealState {
    let expected = Expected {
        key: &device.key,
        pinned,
        serial: &Text::new("VEX-000042"),
        challenge: &[7; 32],
        report: &REPORT,
    };
    check(seal, &expected, chain)
}

#[test]
fn a_chain_of_right_seals() {
    let mut device = Device::new(1);
    let (mut chain, key) = (fresh(), device.key);
    for _ in 0..3 {
        let sealed = device.seal();
        match said(&device, Some(&sealed), Some(&key), &mut chain) {
            SealState::Valid(seal) => {
                assert_eq!((seal.statement.len(), seal.signature.len()), (148, 64));
                assert_eq!(seal.key, key);
            }
            other => panic!("{other:?}"),
        }
        assert!(!chain.must_ask());
    }
}

#[test]
fn the_first_thing_that_is_wrong_is_named() {
    let check = |spoil: &dyn Fn(&mut Device), expect: SealFault| {
        let mut device = Device::new(1);
        spoil(&mut device);
        let (sealed, mut chain) = (device.seal(), fresh());
        let found = said(&device, Some(&sealed), None, &mut chain);
        assert_eq!(found, SealState::Invalid(expect));
        assert!(chain.must_ask());
    };
    check(&|device| device.content.key_id = [0; 8], SealFault::Key);
    check(&|device| device.key = [0; 33], SealFault::Key);
    check(
        &|device| device.signing = Device::new(2).signing,
        SealFault::Signature,
    );
    check(&|device| device.content.challenge[0] ^= 1, SealFault::Challenge);
    check(&|device| device.content.report.0[0] ^= 1, SealFault::Content);
    check(
        &|device| device.content.serial = Text::new("VEX-000043"),
        SealFault::Content,
    );
    check(&|device| device.content.counter = 2, SealFault::Chain);
    check(&|device| device.content.counter = 0, SealFault::Chain);
    check(&|device| device.content.counter = u64::MAX, SealFault::Chain);
    check(&|device| device.content.previous[31] ^= 1, SealFault::Chain);
    // Of two faults the one that comes first on the page.
    check(
        &|device| (device.content.challenge, device.content.previous) = ([0; 32], [1; 32]),
        SealFault::Challenge,
    );
}

#[test]
fn a_seal_is_missing_or_of_another_scanner() {
    let mut device = Device::new(1);
    assert_eq!(
        said(&device, None, None, &mut fresh()),
        SealState::Invalid(SealFault::Missing)
    );
    let (other, sealed) = (Device::new(2), device.seal());
    assert_eq!(
        said(&device, Some(&sealed), Some(&other.key), &mut fresh()),
        SealState::Invalid(SealFault::Key)
    );
}

#[test]
fn a_statement_of_another_purpose_is_no_capture() {
    for at in [0, 15, 16, 17] {
        let device = Device::new(1);
        let mut statement = device.content.to_statement();
        statement.0[at] ^= 1;
        let sealed = device.sign(statement);
        let found = said(&device, Some(&sealed), None, &mut fresh());
        assert_eq!(found, SealState::Invalid(SealFault::Content), "byte {at}");
    }
}

#[test]
fn gaps_are_counted_and_falls_are_not_forgotten() {
    let head = |counter, hash| Head {
        counter,
        hash: [hash; 32],
    };
    let mut chain = Chain::default();
    assert!(chain.must_ask());
    assert_eq!(chain.resume(head(5, 1)), 0);
    assert_eq!(chain.resume(head(5, 1)), 0);
    assert_eq!(chain.resume(head(8, 2)), 3);
    assert!(!chain.is_broken());
    for back in [head(8, 3), head(7, 2)] {
        let mut chain = chain.clone();
        assert_eq!(chain.resume(back), 0);
        assert!(chain.is_broken());
        let _ = chain.resume(head(9, 9));
        assert!(chain.is_broken());
    }
}

#[test]
fn after_a_fall_no_seal_is_right_any_more() {
    let mut device = Device::new(1);
    let mut chain = fresh();
    let first = device.seal();
    let key = device.key;
    assert!(matches!(
        said(&device, Some(&first), Some(&key), &mut chain),
        SealState::Valid(_)
    ));
    // The scanner was set back, and signs its first capture once more.
    let invalid = SealState::Invalid(SealFault::Chain);
    assert_eq!(said(&device, Some(&first), Some(&key), &mut chain), invalid);
    assert_eq!(
        chain.resume(Head {
            counter: 1,
            hash: first.statement.hash()
        }),
        0
    );
    let second = device.seal();
    assert_eq!(said(&device, Some(&second), Some(&key), &mut chain), invalid);
}

#[test]
fn an_answer_to_another_order_does_not_move_the_chain() {
    let mut device = Device::new(1);
    let mut chain = fresh();
    let replayed = device.seal();
    device.content.challenge = [8; 32];
    let mut other = device.sign(device.content.to_statement());
    other.statement = replayed.statement;
    device.content.challenge = [7; 32];
    assert_eq!(
        said(&device, Some(&other), None, &mut chain),
        SealState::Invalid(SealFault::Signature)
    );
    assert!(!chain.is_broken());
    assert_eq!(
        chain.resume(Head {
            counter: 0,
            hash: [0; 32]
        }),
        0
    );
    assert!(matches!(
        said(&device, Some(&replayed), None, &mut chain),
        SealState::Valid(_)
    ));
}

proptest! {
    #[test]
    fn a_statement_gives_back_what_it_holds(
        serial in any::<[u8; 32]>(), key_id in any::<[u8; 8]>(), counter: u64,
        challenge in any::<[u8; 32]>(), report in any::<[u8; 18]>(), previous in any::<[u8; 32]>(),
    ) {
        let content = Content {
            serial: Text(serial), key_id, counter, challenge, report: Report(report), previous,
        };
        prop_assert_eq!(content.to_statement().content(), Some(content));
    }

    /// Any change of what was signed, or of the signature, is noticed.
    #[test]
    fn a_changed_seal_is_invalid(at in 0usize..212, to in 1u8..) {
        let mut device = Device::new(1);
        let mut sealed = device.seal();
        if at < 148 {
            sealed.statement.0[at] ^= to;
        } else {
            sealed.signature[at - 148] ^= to;
        }
        let found = said(&device, Some(&sealed), None, &mut fresh());
        prop_assert!(matches!(found, SealState::Invalid(_)));
    }

    #[test]
    fn any_seal_is_judged(statement in any::<[u8; 74]>(), signature in any::<[u8; 32]>(), key in any::<[u8; 32]>()) {
        let double = |half: &[u8]| [half, half].concat();
        let sealed = Sealed {
            statement: Statement(double(&statement).try_into().unwrap()),
            signature: double(&signature).try_into().unwrap(),
        };
        let mut device = Device::new(1);
        device.key[1..].copy_from_slice(&key);
        let found = said(&device, Some(&sealed), None, &mut fresh());
        prop_assert!(matches!(found, SealState::Invalid(_)));
    }
}
