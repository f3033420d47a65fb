//! The host's own network is not touched, and nothing is left behind.
