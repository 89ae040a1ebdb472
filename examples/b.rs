use periphon::cli::bench::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let o = BenchOptions {
        hrtf: a.get(1).cloned().unwrap_or("ku100".into()),
        sources: a.get(2).and_then(|x| x.parse().ok()),
        block: a.get(3).and_then(|x| x.parse().ok()),
        seconds: 2.0,
    };
    bench(&o, &mut |l| println!("{l}")).unwrap();
}
