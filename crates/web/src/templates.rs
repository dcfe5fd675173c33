//! The templates and what each is given.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

/// The first page.
#[derive(Debug, Serialize)]
pub(crate) struct Home {
    pub(crate) version: &'static str,
    pub(crate) api_version: &'static str,
    pub(crate) base_url: String,
    pub(crate) livemode: bool,
    pub(crate) now: String,
    pub(crate) platform: String,
    pub(crate) publishable_key: String,
    pub(crate) accounts: i64,
    pub(crate) payments: i64,
    pub(crate) seller: Option<String>,
    pub(crate) routes: usize,
}

/// The page on which a payer authenticates a payment.
#[derive(Debug, Serialize)]
pub(crate) struct Authentication {
    pub(crate) merchant: String,
    pub(crate) amount: String,
    pub(crate) card: String,
    pub(crate) action: String,
    pub(crate) token: String,
}

/// What is shown when the payer need not do anything any more.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    pub(crate) succeeded: bool,
}

/// What went wrong.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) message: String,
}

const SOURCES: &[(&str, &str)] = &[
    ("layout.html", include_str!("../templates/layout.html")),
    ("home.html", include_str!("../templates/home.html")),
    ("authentication.html", include_str!("../templates/authentication.html")),
    ("done.html", include_str!("../templates/done.html")),
    ("problem.html", include_str!("../templates/problem.html")),
];

pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn new() -> Templates {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in SOURCES {
            if let Err(error) = environment.add_template(name, source) {
                // Only a broken source can cause this; a test parses and renders every one.
                tracing::error!("the template {name} cannot be read: {error}");
            }
        }
        Templates(environment)
    }

    pub(crate) fn render<T: Serialize>(&self, template: &str, context: &T) -> Result<String, minijinja::Error> {
        self.0.get_template(template)?.render(minijinja::value::Serde(context))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_renders_with_its_sample() {
        let templates = Templates::new();
        let home = |seller: Option<&str>| Home {
            version: "0.1.0",
            api_version: kernel::API_VERSION,
            base_url: "http://127.0.0.1:4242".into(),
            livemode: false,
            now: "2026-11-23T00:00:00Z".into(),
            platform: "acct_1".into(),
            publishable_key: "pk_test_1".into(),
            accounts: 2,
            payments: 0,
            seller: seller.map(str::to_owned),
            routes: 90,
        };
        let authentication = Authentication {
            merchant: "Ada <Baker>".into(),
            amount: "$20.00".into(),
            card: "Visa •••• 3184".into(),
            action: "/kontor/3ds/pi_1".into(),
            token: "t".into(),
        };
        let pages = [
            templates.render("home.html", &home(Some("acct_2"))),
            templates.render("home.html", &home(None)),
            templates.render("authentication.html", &authentication),
            templates.render("done.html", &Done { succeeded: true }),
            templates.render("done.html", &Done { succeeded: false }),
            templates.render("problem.html", &Problem { message: "<script>".into() }),
        ];
        for page in pages {
            let page = page.unwrap();
            assert!(page.contains("<main"), "{page}");
            assert!(!page.contains("<script>") && !page.contains("<Baker>"), "text is escaped");
        }
        assert_eq!(SOURCES.len(), 5, "a new template gets a sample here");
    }
}
