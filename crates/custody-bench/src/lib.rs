//! Measures the custody of documents against others, and says so. Never shipped.
