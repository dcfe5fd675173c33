//! Every document that moves a balance: charges, refunds, transfers, fees, payouts.
