//! The manners that all routes share.
