//! Any interleaving, against the twin and a model.

use proptest::prelude::*;

use super::*;
use crate::memory::MemoryOutbox;

/// One thing that may happen to an outbox; numbers name documents.
#[derive(Debug, Clone)]
enum Step {
    Put(u8),
    PutFinal(u8),
    Next(i64),
    Postpone(u8, i64),
    Release,
    Receipt(u8),
    Identified(u8),
    Wedge(u8),
    Unwedge(u8),
    Resend(u8),
    Forget,
    Contact(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let number = || 0..6_u8;
    prop_oneof![
        3 => number().prop_map(Step::Put),
        1 => number().prop_map(Step::PutFinal),
        4 => (0..100_i64).prop_map(Step::Next),
        1 => (number(), 0..100_i64).prop_map(|(number, until)| Step::Postpone(number, until)),
        1 => Just(Step::Release),
        2 => number().prop_map(Step::Receipt),
        1 => number().prop_map(Step::Identified),
        1 => number().prop_map(Step::Wedge),
        1 => number().prop_map(Step::Unwedge),
        2 => number().prop_map(Step::Resend),
        1 => Just(Step::Forget),
        1 => (0..100_i64).prop_map(Step::Contact),
    ]
}

/// Does it, and gives all that can be seen from outside.
fn perform(outbox: &mut dyn Outbox, step: &Step) -> String {
    let id = |number: &u8| document(*number).id;
    let result = match step {
        Step::Put(number) => format!("{:?}", outbox.put(&document(*number), &[], NOW).unwrap()),
        Step::PutFinal(number) => format!("{:?}", outbox.put_final(&document(*number), &[], NOW).unwrap()),
        Step::Next(at) => format!("{:?}", outbox.next(UtcMs(*at)).unwrap()),
        Step::Postpone(number, until) => format!("{:?}", outbox.postpone(id(number), UtcMs(*until)).unwrap()),
        Step::Release => format!("{:?}", outbox.release_in_flight().unwrap()),
        Step::Receipt(number) => format!("{:?}", outbox.receipt(id(number), RECEIPT, NOW, NOW).unwrap()),
        Step::Identified(number) => format!("{:?}", outbox.identified(id(number), NOW).unwrap()),
        Step::Wedge(number) => format!(
            "{:?}",
            outbox.wedge(id(number), WedgeReason::TooLarge, NOW).unwrap()
        ),
        Step::Unwedge(number) => format!("{:?}", outbox.unwedge(id(number), NOW).unwrap()),
        Step::Resend(number) => format!("{:?}", outbox.resend(id(number), NOW).unwrap()),
        Step::Forget => format!("{:?}", outbox.forget_delivered(LATE, NOW).unwrap()),
        Step::Contact(at) => format!("{:?}", outbox.contact(UtcMs(*at)).unwrap()),
    };
    let states: Vec<_> = (0..6).map(|number| outbox.state(id(&number)).unwrap()).collect();
    format!(
        "{result} {states:?} {:?} {:?} {:?}",
        outbox.standing().unwrap(),
        outbox.awaiting(usize::MAX).unwrap(),
        outbox.audit_head().unwrap()
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, a document without a receipt is there exactly once, in the order of the puts; and
    /// both outboxes agree in all that can be seen.
    #[test]
    fn any_interleaving_keeps_every_document(steps in prop::collection::vec(step(), 0..40)) {
        let folder = folder();
        let mut file = reopen(&path(&folder));
        let mut memory = MemoryOutbox::new();
        let mut expected: Vec<u8> = Vec::new();
        // Those that are retained, and the order of all that was ever put and is not forgotten.
        let (mut retained, mut order): (Vec<u8>, Vec<u8>) = Default::default();
        for step in &steps {
            let seen = perform(&mut file, step);
            prop_assert_eq!(&seen, &perform(&mut memory, step), "{:?}", step);
            match step {
                Step::Put(number) | Step::PutFinal(number) if !order.contains(number) => order.push(*number),
                Step::Receipt(number) if order.contains(number) && !retained.contains(number) => retained.push(*number),
                Step::Resend(number) => retained.retain(|other| other != number),
                Step::Forget => {
                    order.retain(|number| !retained.contains(number));
                    retained.clear();
                }
                _ => {}
            }
            expected = order.iter().copied().filter(|number| !retained.contains(number)).collect();
            let counts = file.counts().unwrap();
            prop_assert_eq!(counts.pending + counts.in_flight + counts.wedged, expected.len() as u64);
        }
        drop(file);
        let mut file = reopen(&path(&folder));
        memory.release_in_flight().unwrap();
        prop_assert_eq!(file.awaiting(9).unwrap(), memory.awaiting(9).unwrap());
        for outbox in [&mut file as &mut dyn Outbox, &mut memory] {
            let mut exported = Vec::new();
            let mut after = None;
            while let Some((place, document, _)) = outbox.export(after).unwrap() {
                exported.push(document.id.0[0]);
                after = Some(place);
            }
            prop_assert_eq!(&exported, &expected);
            for number in 0..6 {
                outbox.unwedge(document(number).id, NOW).unwrap();
            }
            prop_assert_eq!(&drain(outbox, LATE), &expected);
        }
        prop_assert_eq!(file.verify_audit().unwrap(), memory.verify_audit().unwrap());
    }
}
