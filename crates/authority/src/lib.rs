//! The certificate authority of the institution: what is issued, to whom, and what no longer counts.
