//! The standards' vocabulary: names, closed sets of values and the small algorithms that the specifications themselves
//! define. Knows nothing of Signet's entities. Imports `base` only.

pub mod jose;
pub mod oauth;
pub mod oidc;
pub mod x509;
