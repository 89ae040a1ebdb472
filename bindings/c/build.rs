//! Gives the shared library the name by which programs find it: cargo does not.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let var = |name: &str| std::env::var(name).unwrap_or_default();
    // cargo-c names it itself.
    if var("CARGO_CFG_TARGET_OS") == "linux" && std::env::var_os("CARGO_FEATURE_CAPI").is_none() {
        // Before 1.0 every minor version is an interface of its own.
        let (major, minor) = (var("CARGO_PKG_VERSION_MAJOR"), var("CARGO_PKG_VERSION_MINOR"));
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libperiphon.so.{major}.{minor}");
    }
}
