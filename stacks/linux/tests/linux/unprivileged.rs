//! An ordinary user.
