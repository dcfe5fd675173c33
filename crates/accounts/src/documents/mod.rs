//! The documents of an account: what is shown, and what is kept beside it.

mod account;
mod company;
mod controller;
mod private;
mod profile;
mod requirements;
mod settings;

pub use account::{Account, AccountType, BusinessType, TosAcceptance};
pub use company::{Company, Declaration, DocumentSides, EntityVerification, OwnershipExemption, Structure};
pub use controller::{
    Controller, ControllerType, Dashboard, DashboardType, FeePayer, Fees, Liable, Losses, RequirementCollection,
};
pub use private::{
    AccountPrivate, Application, BalancePrivate, CompanyNumbers, ExternalRef, NumberCheck, Rejection, RejectionReason,
    StartOfDay,
};
pub use profile::{Address, AnnualRevenue, BusinessProfile, Dob, JapaneseAddress, MonthlyRevenue, Ownership};
pub use requirements::{Alternative, CapabilityStatus, PartRequirements, RequirementError, Requirements};
pub use settings::{
    BacsDebit, Branding, CardIssuing, CardPayments, DeclineOn, DisplaySettings, Invoices, PaymentMethodSave, Payments,
    PayoutInterval, PayoutSchedule, Payouts, SepaDebit, Settings, TermsAcceptance, Weekday,
};
