//! What is in a SOFA file, and how long reading takes: `cargo run --release --example sofa_info -- FILE...`

use std::path::Path;
use std::time::Instant;

fn main() {
    for name in std::env::args().skip(1) {
        let start = Instant::now();
        let read = periphon::sofa::open(Path::new(&name));
        let first = start.elapsed().as_secs_f64() * 1e3;
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                let _ = periphon::sofa::open(Path::new(&name));
                start.elapsed().as_secs_f64() * 1e3
            })
            .fold(f64::INFINITY, f64::min);
        match read {
            Ok(set) => {
                let sum: f64 = set.irs.iter().map(|&x| f64::from(x)).sum();
                println!(
                    "{name}: {} directions, {} taps, {} Hz, sum {sum:.6}; {first:.1} ms, then {best:.2} ms",
                    set.len(),
                    set.taps,
                    set.sample_rate
                );
                for f in periphon::sofa::doctor(&set) {
                    println!("  {} [{}] {}", f.severity, f.code, f.message);
                    f.hint.iter().for_each(|h| println!("    {h}"));
                }
            }
            Err(e) => println!("{name}: {e} {:?}", e.hints()),
        }
    }
}
