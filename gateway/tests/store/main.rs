//! The stores of the gateway: one conformance suite on all of them, and what is particular to each.

#![allow(clippy::unwrap_used, missing_docs)]

mod bed;
#[cfg(unix)]
mod postgres;
#[cfg(unix)]
mod server;
mod sqlite;
mod suite;

macro_rules! on_all {
    ($($part:ident: $($name:ident),+;)+) => {
        mod on_sqlite {
            $($(#[test] fn $name() { crate::bed::run(crate::bed::Bed::sqlite, crate::suite::$part::$name); })+)+
        }
        #[cfg(unix)]
        mod on_postgres {
            $($(#[test] fn $name() { crate::bed::run(crate::bed::Bed::postgres, crate::suite::$part::$name); })+)+
        }
    };
}

on_all! {
    documents:
        putting_twice_is_harmless_and_another_document_is_noticed,
        a_restart_loses_nothing_and_the_key_is_needed,
        answers_are_kept_once_and_owed_until_seen,
        lists_are_filtered_and_go_on,
        a_resend_is_wished_until_the_document_comes;
    questions:
        nobody_else_is_given_what_is_claimed,
        a_failure_is_asked_about_again_in_its_time,
        a_lease_ends_by_itself,
        a_start_gives_back_what_was_claimed_in_the_former_life,
        a_late_failure_takes_nothing_from_who_asks_now,
        comparisons_are_counted_once_and_by_the_day,
        what_is_postponed_has_not_failed,
        what_is_announced_is_heard_by_all,
        a_name_or_file_is_of_one_running_gateway;
    notices:
        a_notice_comes_with_what_it_speaks_of_or_not_at_all,
        many_at_once_each_bring_their_own,
        a_claimed_notice_is_nobody_elses_until_it_ends,
        a_lease_of_a_notice_ends,
        a_start_gives_back_claimed_notices;
    requests:
        a_request_comes_with_its_document_and_once,
        every_change_of_a_request_is_kept,
        what_is_overdue_is_found;
    reviews:
        an_entry_comes_with_its_document_and_once,
        an_entry_is_of_one_examiner_until_the_lease_ends,
        a_decision_comes_with_its_answer_and_once,
        calls_are_counted_until_the_person_is_reached;
    trail:
        every_change_has_its_record_and_the_chain_is_whole,
        a_forked_log_is_refused_in_any_order,
        a_greeting_is_held_against_all_that_was_seen;
    trust:
        a_code_is_used_once,
        wrong_codes_spoil_nothing,
        a_kiosk_that_is_shut_out_gets_nothing,
        a_renewal_is_of_a_certificate_that_counts,
        certificates_and_requests_are_kept,
        a_revocation_counts_from_its_first_time,
        a_signer_is_known_with_all_that_is_against_it,
        kiosks_are_known_blocked_and_let_in,
        changes_are_heard;
    stress:
        a_crowd_stores_each_document_once,
        any_crowd_keeps_the_rules;
}
