use super::*;
use crate::cards::{AdviceCode, Check, OutcomeType, RiskLevel, ThreeDSecureResult};
use kernel::Currency;

fn card(digits: &str) -> CardNumber {
    CardNumber::parse(digits, "number").unwrap()
}

fn on_session() -> Ask {
    let given = Given { cvc: true, ..Given::default() };
    Ask { given, ..Ask::new(Money::new(10_00, Currency::USD)) }
}

fn off_session() -> Ask {
    Ask { off_session: true, ..on_session() }
}

fn set_up() -> Ask {
    Ask { set_up_off_session: true, ..off_session() }
}

fn authenticated() -> Ask {
    Ask { authentication: Authentication::Succeeded, ..on_session() }
}

fn wanting_three_d_secure() -> Ask {
    Ask { request_three_d_secure: RequestThreeDSecure::Any, ..on_session() }
}

/// What an answer amounts to, and how 3-D Secure went.
#[derive(Debug, PartialEq)]
enum Gist {
    Yes,
    YesWith(ThreeDSecureResult),
    No(Reason),
    Authenticate,
}

fn gist(answer: Answer) -> Gist {
    match answer {
        Answer::Approved(Approval { three_d_secure: None, .. }) => Gist::Yes,
        Answer::Approved(Approval { three_d_secure: Some(done), .. }) => Gist::YesWith(done.result),
        Answer::Declined(decline) => Gist::No(decline.reason),
        Answer::AuthenticationRequired => Gist::Authenticate,
    }
}

fn asked(digits: &str, ask: Ask) -> Gist {
    gist(authorize(&card(digits), &ask))
}

fn approved(digits: &str, ask: Ask) -> Approval {
    match authorize(&card(digits), &ask) {
        Answer::Approved(approval) => approval,
        other => panic!("{digits}: {other:?}"),
    }
}

#[test]
fn each_declined_card_is_declined_for_its_reason_and_cannot_be_kept() {
    let cases = [
        ("4000000000000002", Reason::GenericDecline),
        ("4000000000009995", Reason::InsufficientFunds),
        ("4000000000009987", Reason::LostCard),
        ("4000000000009979", Reason::StolenCard),
        ("4000000000000069", Reason::ExpiredCard),
        ("4000000000000127", Reason::IncorrectCvc),
        ("4000000000000119", Reason::ProcessingError),
        ("4000000000006975", Reason::CardVelocityExceeded),
    ];
    for (digits, reason) in cases {
        assert_eq!(asked(digits, on_session()), Gist::No(reason), "{digits}");
        assert_eq!(asked(digits, set_up()), Gist::No(reason), "{digits}");
        assert_eq!(attach(&card(digits), on_session().given).unwrap_err().reason, reason, "{digits}");
        assert_eq!(gist(verify(&card(digits), &on_session())), Gist::No(reason), "{digits}");
    }
}

#[test]
fn one_card_can_be_kept_but_not_charged() {
    assert!(attach(&card("4000000000000341"), Given::default()).is_ok());
    assert_eq!(gist(verify(&card("4000000000000341"), &on_session())), Gist::Yes);
    assert_eq!(asked("4000000000000341", on_session()), Gist::No(Reason::GenericDecline));
}

#[test]
fn a_security_code_that_was_not_given_cannot_be_wrong() {
    let without = Ask { given: Given::default(), ..on_session() };
    assert_eq!(asked("4000000000000127", without), Gist::Yes);
    assert!(attach(&card("4000000000000127"), Given::default()).is_ok());
    match authorize(&card("4000000000000127"), &on_session()) {
        Answer::Declined(decline) => assert_eq!(decline.checks.cvc_check, Some(Check::Fail)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_blocked_card_is_blocked_before_the_network_is_asked() {
    let Answer::Declined(decline) = authorize(&card("4100000000000019"), &on_session()) else { panic!() };
    let outcome = decline.outcome();
    assert_eq!((outcome.kind, outcome.risk_level), (OutcomeType::Blocked, RiskLevel::Highest));
    assert_eq!((decline.code(), decline.decline_code()), ("card_declined", Some("fraudulent")));
    assert!(attach(&card("4100000000000019"), Given::default()).is_ok());
}

#[test]
fn a_real_card_is_refused_in_a_sandbox_wherever_it_turns_up() {
    let real = card("4111111111111111");
    let decline = admit(&real).unwrap_err();
    assert_eq!((decline.code(), decline.decline_code()), ("card_declined", Some("test_mode_live_card")));
    assert_eq!(
        decline.to_error().message(),
        "Your card was declined. Your request was in test mode, but used a non test card. For a list of valid test \
         cards, visit: https://stripe.com/docs/testing."
    );
    assert_eq!(gist(authorize(&real, &on_session())), Gist::No(Reason::TestModeLiveCard));
    assert_eq!(gist(verify(&real, &on_session())), Gist::No(Reason::TestModeLiveCard));
    assert_eq!(attach(&real, Given::default()), Err(decline));
    assert!(admit(&card("4242424242424242")).is_ok());
}

#[test]
fn an_approval_says_that_the_payment_is_complete() {
    let outcome = approved("4242424242424242", on_session()).outcome;
    assert_eq!(outcome, Outcome::approved(RiskLevel::Normal));
    assert_eq!((outcome.seller_message, outcome.risk_score), ("Payment complete.", Some(21)));
    assert_eq!((outcome.kind, outcome.reason), (OutcomeType::Authorized, None));
}

#[test]
fn risky_cards_are_approved_with_their_level_because_rules_belong_to_the_merchant() {
    let risk = |digits| approved(digits, on_session()).outcome.risk_level;
    assert_eq!(risk("4000000000004954"), RiskLevel::Highest);
    assert_eq!(risk("4000000000009235"), RiskLevel::Elevated);
    assert_eq!(risk("4000058400307872"), RiskLevel::Elevated);
}

#[test]
fn only_what_was_given_is_checked() {
    let all = Given { cvc: true, address_line1: true, address_postal_code: true };
    let checks = |digits, given| approved(digits, Ask { given, ..on_session() }).checks;
    assert_eq!(checks("4000000000000010", Given::default()), Checks::default());
    assert_eq!(
        checks("4000000000000010", all),
        Checks {
            address_line1_check: Some(Check::Fail),
            address_postal_code_check: Some(Check::Fail),
            cvc_check: Some(Check::Pass),
        }
    );
    assert_eq!(checks("4000000000000101", all).cvc_check, Some(Check::Fail));
    assert_eq!(checks("4000000000000044", all).address_line1_check, Some(Check::Unavailable));
    assert_eq!(attach(&card("4000000000000101"), all).map(|c| c.cvc_check), Ok(Some(Check::Fail)));
}

#[test]
fn three_d_secure_cards_behave_as_stripe_lists_them() {
    use Gist::{Authenticate, No, Yes, YesWith};
    use ThreeDSecureResult::{AttemptAcknowledged, Authenticated, NotSupported, ProcessingError};
    const NEEDS: Gist = No(Reason::AuthenticationRequired);
    // Card; on-session, after authentication, when wanted; off-session, off-session after set-up.
    let cases = [
        ("4000002500003155", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, Yes]),
        ("4000002760003184", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000003800000446", [Authenticate, YesWith(Authenticated), Authenticate, Yes, Yes]),
        (
            "4000008260003178",
            [
                Authenticate,
                No(Reason::InsufficientFunds),
                Authenticate,
                No(Reason::InsufficientFunds),
                No(Reason::InsufficientFunds),
            ],
        ),
        ("4000000000003220", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000008400000027", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000008400001629", [Authenticate, No(Reason::GenericDecline), Authenticate, NEEDS, NEEDS]),
        (
            "4000008400001280",
            [
                No(Reason::GenericDecline),
                No(Reason::GenericDecline),
                No(Reason::GenericDecline),
                No(Reason::GenericDecline),
                No(Reason::GenericDecline),
            ],
        ),
        ("4000000000003055", [Yes, YesWith(Authenticated), Authenticate, Yes, Yes]),
        ("4000008405600003", [Yes, YesWith(Authenticated), Authenticate, Yes, Yes]),
        ("4000000000003097", [Yes, YesWith(Authenticated), YesWith(ProcessingError), Yes, Yes]),
        ("4242424242424242", [Yes, YesWith(Authenticated), YesWith(AttemptAcknowledged), Yes, Yes]),
        ("5555555555554444", [Yes, YesWith(Authenticated), YesWith(AttemptAcknowledged), Yes, Yes]),
        ("378282246310005", [Yes, YesWith(Authenticated), YesWith(NotSupported), Yes, Yes]),
        (
            "4000000032200000",
            [
                YesWith(Authenticated),
                YesWith(Authenticated),
                YesWith(Authenticated),
                YesWith(Authenticated),
                YesWith(Authenticated),
            ],
        ),
        ("4000582600000094", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000582600000045", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000582600000102", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
        ("4000582600000110", [Authenticate, YesWith(Authenticated), Authenticate, NEEDS, NEEDS]),
    ];
    for (digits, expected) in cases {
        let asks = [on_session(), authenticated(), wanting_three_d_secure(), off_session(), set_up()];
        assert_eq!(asks.map(|ask| asked(digits, ask)), expected, "{digits}");
    }
}

#[test]
fn a_payment_that_needs_the_absent_payer_is_declined_with_stripes_error() {
    let Answer::Declined(decline) = authorize(&card("4000002760003184"), &off_session()) else { panic!() };
    let error = decline.to_error();
    assert_eq!(error.code_str(), Some("authentication_required"));
    assert_eq!(error.detail("decline_code").and_then(|v| v.as_str()), Some("authentication_required"));
    assert_eq!(error.message(), "Your card was declined. This transaction requires authentication.");
}

#[test]
fn a_failed_authentication_is_no_authentication() {
    let failed = Ask { authentication: Authentication::Failed, ..on_session() };
    assert_eq!(asked("4000002760003184", failed), Gist::Authenticate);
}

#[test]
fn who_answered_the_question_is_told_apart_from_who_was_not_asked() {
    let flow = |digits, ask| approved(digits, ask).three_d_secure.and_then(|done| done.authentication_flow);
    assert_eq!(flow("4000002760003184", authenticated()), Some(AuthenticationFlow::Challenge));
    assert_eq!(flow("4000000032200000", on_session()), Some(AuthenticationFlow::Frictionless));
    assert_eq!(flow("4242424242424242", wanting_three_d_secure()), None);
    let indicator = |digits| approved(digits, wanting_three_d_secure()).three_d_secure?.electronic_commerce_indicator;
    assert_eq!(indicator("4242424242424242"), Some("06"));
    assert_eq!(indicator("5555555555554444"), Some("01"));
}

#[test]
fn a_broken_look_up_shows_on_the_decline() {
    let Answer::Declined(decline) = authorize(&card("4000008400001280"), &on_session()) else { panic!() };
    assert_eq!(decline.code(), "card_declined");
    assert_eq!(decline.three_d_secure.map(|tried| tried.result), Some(ThreeDSecureResult::ProcessingError));
}

#[test]
fn setting_a_card_up_asks_for_the_authentication_it_will_not_need_later() {
    let verified = |digits, ask| gist(verify(&card(digits), &ask));
    assert_eq!(verified("4000002500003155", on_session()), Gist::Authenticate);
    assert_eq!(verified("4000002500003155", off_session()), Gist::Authenticate);
    assert_eq!(verified("4000002500003155", authenticated()), Gist::YesWith(ThreeDSecureResult::Authenticated));
    assert_eq!(verified("4242424242424242", on_session()), Gist::Yes);
    assert_eq!(verified("4000008260003178", authenticated()), Gist::YesWith(ThreeDSecureResult::Authenticated));
    assert_eq!(verified("4000008400001280", on_session()), Gist::No(Reason::GenericDecline));
}

#[test]
fn setting_up_a_card_has_no_consequences() {
    let Answer::Approved(approval) = verify(&card("4000000000000259"), &on_session()) else { panic!() };
    assert!(approval.after.is_empty());
    assert_eq!(approved("4000000000000259", on_session()).after.len(), 1);
}

#[test]
fn an_approval_carries_what_will_come_of_the_charge() {
    assert_eq!(approved("4000000000000077", on_session()).funds, Funds::Available);
    assert_eq!(approved("4000000000007726", on_session()).refund, RefundBehaviour::PendingThenSucceeds);
    assert_eq!(approved("4000000000004210", on_session()).after, [After::TriggerChargeBlock]);
}

#[test]
fn advice_follows_the_reason() {
    let advice = |digits| match authorize(&card(digits), &on_session()) {
        Answer::Declined(decline) => decline.outcome().advice_code,
        Answer::Approved(_) | Answer::AuthenticationRequired => None,
    };
    assert_eq!(advice("4000000000009979"), Some(AdviceCode::DoNotTryAgain));
    assert_eq!(advice("4000000000009995"), Some(AdviceCode::TryAgainLater));
    assert_eq!(advice("4000000000000069"), Some(AdviceCode::ConfirmCardData));
}
