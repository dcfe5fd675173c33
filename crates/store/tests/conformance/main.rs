//! One suite for all engines: memory, SQLite and PostgreSQL must not differ in anything that a caller can see.
//!
//! Run it by `scripts/with-postgres cargo test -p kontor-store`.

#![expect(clippy::unwrap_used, reason = "a test that fails panics, in its helpers as well")]

mod backups;
mod batching;
mod cases;
mod opening;
mod processes;
mod support;

macro_rules! on_every_engine {
    ($($module:ident: $($case:ident)*;)*) => {
        mod memory {
            $($(#[test]
            fn $case() {
                crate::$module::$case(&mut crate::support::Store::memory());
            })*)*
        }
        mod sqlite {
            $($(#[test]
            fn $case() {
                crate::$module::$case(&mut crate::support::Store::sqlite());
            })*)*
        }
        mod postgres {
            $($(#[test]
            fn $case() {
                if let Some(mut store) = crate::support::Store::postgres() {
                    crate::$module::$case(&mut store);
                }
            })*)*
        }
    };
}

on_every_engine! {
    cases:
        a_document_is_made_changed_and_removed
        several_documents_are_read_at_once
        what_is_made_twice_or_changed_from_an_old_version_conflicts
        what_was_read_must_not_have_changed
        changesets_of_one_batch_see_the_ones_before_them
        a_claim_has_one_holder
        limits_are_checked_in_arrival_order
        what_is_refused_leaves_no_trace
        an_answer_is_remembered_once
        old_answers_are_forgotten_by_and_by
        a_request_that_was_answered_conflicts_even_when_the_money_is_spent
        lists_are_newest_first_and_ties_go_by_id
        filters_narrow_lists_and_counts
        scans_go_by_id
        balances_are_the_sums_of_postings
        postings_keep_their_place_in_the_book
        batches_wait_until_they_are_dispatched_and_sealed
        a_payout_settles_what_is_available_and_not_settled
        sealed_data_and_settings_are_kept_as_last_written
        an_empty_batch_and_an_empty_changeset_are_fine;
    batching:
        any_batching_gives_what_one_at_a_time_gives;
    opening:
        everything_is_there_when_a_store_is_opened_again;
    processes:
        another_process_sees_what_was_committed_and_conflicts_where_it_did_not_look
        of_many_that_want_the_same_money_name_or_id_one_wins;
}
