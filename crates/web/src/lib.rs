//! Pages for people: home, authentication, later onboarding and dashboards.
