//! Webhook dispatch and delivery, due jobs, payout scheduling, sealing, pruning.
