//! The heads that come along, by name. `hrtf/README.md` has their origin, licence and credit.

/// Name and file of each head; the first is the default.
const HEADS: [(&str, &[u8]); 2] = [
    ("ku100", include_bytes!("../../hrtf/sadie_ku100_dfc_48k.sofa")),
    ("kemar", include_bytes!("../../hrtf/mit_kemar_normal_pinna_44k.sofa")),
];

/// The SOFA file of a built-in head: `ku100` (Neumann KU 100, diffuse-field compensated, SADIE; the default) or `kemar`
/// (KEMAR with normal pinnae, MIT). `None` for any other name.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    HEADS.iter().find(|(n, _)| *n == name).map(|(_, bytes)| *bytes)
}

/// The names that [`builtin`] knows, the default first.
pub fn builtin_names() -> impl ExactSizeIterator<Item = &'static str> {
    HEADS.iter().map(|(name, _)| *name)
}
