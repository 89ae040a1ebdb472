//! doctor
use super::*;
/// x
pub struct Diagnosis {}
/// x
pub fn diagnose(_: &HrirData) -> Diagnosis {
    Diagnosis {}
}
/// x
pub fn doctor(d: &HrirData) -> Vec<Finding> {
    d.findings.clone()
}
