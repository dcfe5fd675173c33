//! Whether and how a payer pays: customers, payment methods, payment intents.
