//! The balance against what its ears would get, heard in full.
