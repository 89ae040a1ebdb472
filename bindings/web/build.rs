//! Packs the built-in head: `$OUT_DIR/ku100.head`, from the SOFA file in `hrtf/`.

#[path = "src/pack.rs"]
mod pack;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/pack.rs");
    let data = periphon::hrtf::read("ku100")?;
    if data.delays.iter().flatten().any(|d| *d != 0.0) {
        return Err("delays are not packed".into());
    }
    let head =
        pack::Head { rate: data.sample_rate as u32, taps: data.taps, places: data.positions, responses: data.irs };
    let packed = pack::pack(&head);
    if pack::unpack(&packed).is_none() {
        return Err("the packed head cannot be read".into());
    }
    let out = std::env::var_os("OUT_DIR").ok_or("cargo names the folder to write to")?;
    std::fs::write(std::path::Path::new(&out).join("ku100.head"), packed)?;
    Ok(())
}
