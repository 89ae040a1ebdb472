//! Witnesses: processes that watch the machine, one a processor, above every other thread. Each sleeps half a millisecond
//! again and again, writes down when it was woken late, and times the same little work each time it is awake.

use periphon::Result;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, the same for all processes.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |t| t.as_secs_f64())
}

/// How often a witness wakes up, and how late it is when it says so, seconds.
const WITNESS_S: f64 = 0.0005;
const LATE_S: f64 = 0.0001;

/// Awakenings over which a witness averages how long its work takes.
const WORKS: u32 = 20;

/// A witness' process: tells when it was to wake up and when it did, where it was late, and how long its work took.
pub fn bear_witness() -> Result<()> {
    let mut numbers = [1.0f32; 2048];
    let (mut spent, mut works) = (0.0, 0);
    loop {
        let due = now() + WITNESS_S;
        std::thread::sleep(Duration::from_secs_f64(WITNESS_S));
        let woke = now();
        if woke - due > LATE_S {
            println!("late {due:.6} {woke:.6}");
        }
        // The first time brings it near.
        work(&mut numbers);
        let start = Instant::now();
        work(&mut numbers);
        spent += start.elapsed().as_secs_f64();
        works += 1;
        if works == WORKS {
            println!("work {woke:.6} {:.9}", spent / f64::from(works));
            (spent, works) = (0.0, 0);
        }
    }
}

/// About a microsecond of what an engine does: multiplying and adding numbers from the nearest cache.
fn work(numbers: &mut [f32; 2048]) {
    for _ in 0..4 {
        for x in std::hint::black_box(&mut *numbers) {
            *x = *x * 0.5 + 0.5;
        }
    }
}

/// A process of the lowest class a processor that never sleeps, so that no processor does. To whoever wants to work it yields at
/// once. A virtual machine's processor that sleeps is put elsewhere when it wakes up, where its caches are not and
/// another machine's thread shares its core.
pub struct Awake(Vec<Child>);

impl Awake {
    pub fn keep() -> Self {
        let call = |cpu| own_process(&["--idle", "0"], cpu, "--spin", Stdio::null()).ok();
        Self((0..processors()).filter_map(call).collect())
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        self.0.drain(..).for_each(end);
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// This program once more, on one processor, with another class of priority.
fn own_process(class: &[&str], cpu: usize, flag: &str, out: Stdio) -> std::io::Result<Child> {
    let mut command = Command::new("chrt");
    command.args(class).args(["taskset", "--cpu-list", &cpu.to_string()]);
    command.arg(std::env::current_exe()?).arg(flag);
    command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).spawn()
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// The witnesses of a run.
pub struct Witnesses {
    children: Vec<Child>,
    told: Arc<Mutex<Told>>,
}

/// What they have told.
#[derive(Clone, Default)]
struct Told {
    /// Times at which a processor did not do what it was to do at once: when it was to, and when it did.
    late: Vec<[f64; 2]>,
    /// Of each processor: when, and how long the work took, seconds.
    works: Vec<Vec<[f64; 2]>>,
    /// The best of that, but for what was measured wrong.
    best: f64,
}

impl Witnesses {
    /// One for each processor; none where they cannot have the priority they need.
    pub fn call() -> Self {
        let told = Arc::new(Mutex::new(Told { works: vec![Vec::new(); processors()], ..Told::default() }));
        let mut children = Vec::new();
        for cpu in 0..processors() {
            let Ok(mut child) = own_process(&["--fifo", "90"], cpu, "--witness", Stdio::piped()) else { break };
            if let Some(out) = child.stdout.take() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || {
                    for line in BufReader::new(out).lines().map_while(std::io::Result::ok) {
                        let mut words = line.split(' ');
                        let what = words.next();
                        let numbers: Vec<f64> = words.filter_map(|t| t.parse().ok()).collect();
                        match (what, &numbers[..], told.lock()) {
                            (Some("late"), [due, woke], Ok(mut told)) => told.late.push([*due, *woke]),
                            (Some("work"), [when, took], Ok(mut told)) => told.works[cpu].push([*when, *took]),
                            _ => {}
                        }
                    }
                });
            }
            children.push(child);
        }
        // Who may not have the priority ends at once.
        std::thread::sleep(Duration::from_millis(300));
        let watching = children.len() == processors() && children.iter_mut().all(|c| matches!(c.try_wait(), Ok(None)));
        let mut found = Self { children, told };
        if !watching {
            eprintln!("warning: without real-time priorities (chrt) there are no witnesses");
            found.dismiss();
        }
        found
    }

    pub fn watch(&self) -> bool {
        !self.children.is_empty()
    }

    pub fn dismiss(&mut self) {
        self.children.drain(..).for_each(end);
    }

    /// All of it, in the order of time.
    fn told(&self) -> Told {
        let mut told = self.told.lock().map_or_else(|_| Told::default(), |told| told.clone());
        told.late.sort_by(|a, b| a[1].total_cmp(&b[1]));
        let mut took: Vec<f64> = told.works.iter().flatten().map(|w| w[1]).collect();
        took.sort_by(f64::total_cmp);
        told.best = took.get(took.len() / 20).copied().unwrap_or(0.0);
        told
    }

    /// Tells of a time whether no processor was late in it, or just before.
    pub fn undisturbed(&self) -> impl Fn(f64, f64) -> bool {
        let told = self.told();
        move |from, to| !told.saw_late(from - 0.004, to, LATE_S)
    }

    pub fn say(&self, seconds: f64) {
        let told = self.told();
        let counts = [0.3, 0.5, 1.0, 2.0, 4.0, 8.0]
            .map(|ms| told.late.iter().filter(|[due, woke]| woke - due > 0.001 * ms).count());
        let worst = told.late.iter().fold(0.0f64, |m, [due, woke]| m.max(woke - due));
        let [a, b, c, d, e, f] = counts;
        println!(
            "{{\"seconds\": {seconds:.1}, \"later_than_ms\": {{\"0.3\": {a}, \"0.5\": {b}, \"1\": {c}, \"2\": {d}, \"4\": {e}, \"8\": {f}}}, \
             \"worst_ms\": {:.2}, \"speed\": {:.2}}}",
            1000.0 * worst,
            told.speed(f64::NEG_INFINITY, f64::INFINITY)
        );
    }
}

impl Drop for Witnesses {
    fn drop(&mut self) {
        self.dismiss();
    }
}

impl Told {
    /// True if a processor was late by `least` seconds or more in a time from `from` to `to`.
    fn saw_late(&self, from: f64, to: f64, least: f64) -> bool {
        let first = self.late.partition_point(|[_, woke]| *woke < from);
        // Nobody is late by more than a few seconds.
        let near = self.late[first..].iter().take_while(|[_, woke]| *woke < to + 5.0);
        near.into_iter().any(|[due, woke]| woke - due >= least && *due <= to)
    }

    /// How fast the slowest processor was on average in a time, as a part of the best; 1 if nobody looked.
    fn speed(&self, from: f64, to: f64) -> f64 {
        let of = |works: &Vec<[f64; 2]>| {
            let first = works.partition_point(|w| w[0] < from);
            let (mut count, mut sum) = (0.0, 0.0);
            for [_, took] in works[first..].iter().take_while(|w| w[0] <= to) {
                (count, sum) = (count + 1.0, sum + took);
            }
            if count > 0.0 { self.best * count / sum } else { 1.0 }
        };
        self.works.iter().map(of).fold(1.0, f64::min)
    }
}

/// What was counted between two looks at a player.
pub struct Look {
    pub from: f64,
    pub to: f64,
    pub dropouts: u64,
    pub overruns: u64,
    pub load: f64,
    pub said: String,
}

/// A dropout may have begun so long before it was counted, seconds.
const BEFORE_S: f64 = 0.03;
/// A processor that was late by so much may have caused a dropout.
const HARM_S: f64 = 0.0008;

/// A processor that does less than this part of what it can do is slow.
const SLOW: f64 = 0.7;

/// What the witnesses make of it all, as JSON's next fields.
pub fn judge(looks: &[Look], witnesses: &Witnesses) -> String {
    let told = witnesses.told();
    let (mut ours, mut at_speed, mut load, mut disturbed, mut slow) = ([0, 0], 0, 0.0f64, 0, 0);
    for look in looks {
        let harmed = told.saw_late(look.from - BEFORE_S, look.to, HARM_S);
        let speed = told.speed(look.from - BEFORE_S, look.to);
        disturbed += usize::from(harmed);
        slow += usize::from(!harmed && speed < SLOW);
        if !harmed {
            ours = [ours[0] + look.dropouts, ours[1] + look.overruns];
            if look.dropouts > 0 {
                eprintln!("unexplained: {}; a processor at {:.0} % of its speed", look.said, 100.0 * speed);
            }
            at_speed += if speed < SLOW { 0 } else { look.dropouts };
        }
        if !told.saw_late(look.from - 0.004, look.to, LATE_S) && speed >= SLOW {
            load = load.max(look.load);
        }
    }
    let part = |count: usize| count as f64 / looks.len().max(1) as f64;
    let speed = match looks {
        [first, .., last] => told.speed(first.from, last.to),
        _ => 1.0,
    };
    format!(
        "\"unexplained_xruns\": {}, \"unexplained_overruns\": {}, \"unexplained_at_speed\": {at_speed}, \
         \"undisturbed_load\": {load:.4}, \"disturbed\": {:.3}, \"slow\": {:.3}, \"speed\": {speed:.2}",
        ours[0],
        ours[1],
        part(disturbed),
        part(slow)
    )
}
