//! Any sequence of appends, checkpoints, failures and crashes: what was acknowledged is there, once, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::open_on;
use super::simulated_disk::{Chance, SimulatedDisk};
use crate::progress::Job;
use crate::writer::Shared;
use crate::{Checkpoint, JournalError, Lsn, Replay};

/// What the owner or the writer does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u64),
    TakeJob,
    DoJob,
    Begin,
    Write,
    Abandon,
}

/// One run of the process, and how it ends.
#[derive(Clone, Debug)]
struct Run {
    steps: Vec<Step>,
    /// Operations that fail, and how.
    faults: BTreeMap<u64, u64>,
    crash_in: Option<u64>,
    /// Whether the machine goes down with the process, and what survives then.
    power_cut: Option<u64>,
}

/// An owner whose state is the number of the records it has seen; the record is the number before it.
struct Owner {
    shared: Arc<Shared>,
    /// Records when the journal was opened.
    base: u64,
    state: u64,
    checkpoint: Option<(Checkpoint, u64)>,
    job: Option<Job>,
}

impl Owner {
    fn open(disk: &SimulatedDisk) -> Result<Self, JournalError> {
        let mut state = 0;
        let replay = &mut |replay: Replay<'_>| match replay {
            Replay::Checkpoint(bytes) => {
                assert_eq!(state, 0, "the checkpoint comes first");
                state = u64::from_le_bytes(bytes.try_into().unwrap());
                Ok(())
            }
            Replay::Record(bytes) if bytes[..8] == u64::to_le_bytes(state) => {
                state += 1;
                Ok(())
            }
            Replay::Record(_) => Err("out of order".to_owned()),
        };
        let shared = Arc::new(open_on(disk, replay)?);
        Ok(Self { shared, base: state, state, checkpoint: None, job: None })
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Append(records) => (0..records).for_each(|_| self.append()),
            Step::TakeJob => self.take_job(),
            Step::DoJob => self.do_job(),
            Step::Begin => {
                let checkpoint = Checkpoint::begin(&self.shared);
                // While one is held there is no other.
                assert!(self.checkpoint.is_none() || checkpoint.is_none());
                self.checkpoint =
                    checkpoint.map(|checkpoint| (checkpoint, self.state)).or(self.checkpoint.take());
            }
            Step::Write => self.write(),
            Step::Abandon => drop(self.checkpoint.take()),
        }
    }

    fn append(&mut self) {
        let mut record = self.state.to_le_bytes().to_vec();
        record.resize(8 + (self.state % 7) as usize, b'x');
        self.state += 1;
        assert_eq!(self.shared.append(&record), Lsn(self.state - self.base));
    }

    fn take_job(&mut self) {
        if self.job.is_none() {
            self.job = self.shared.progress().next_job();
        }
    }

    fn do_job(&mut self) {
        self.take_job();
        self.job.take().into_iter().for_each(|job| self.shared.perform(job, &mut |_| {}));
    }

    fn write(&mut self) {
        let Some((checkpoint, state)) = self.checkpoint.take() else { return };
        // `write` waits for the writer, and here that is nobody else.
        while self.shared.progress().next_log().is_none() {
            self.do_job();
        }
        let written = checkpoint.write(&state.to_le_bytes());
        let failure = self.shared.progress().failure();
        assert_eq!(written.err(), failure);
    }

    /// Records that are acknowledged as durable.
    fn acknowledged(&self) -> u64 {
        let progress = self.shared.progress();
        let durable = |count: &u64| progress.is_durable(Lsn(count - self.base)) == Some(Ok(()));
        (self.base..=self.state).rev().find(durable).unwrap()
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u64..5).prop_map(Step::Append),
        2 => Just(Step::TakeJob),
        4 => Just(Step::DoJob),
        2 => Just(Step::Begin),
        2 => Just(Step::Write),
        1 => Just(Step::Abandon),
    ]
}

fn any_run() -> impl Strategy<Value = Run> {
    let steps = prop::collection::vec(any_step(), 0..40);
    let faults = prop::collection::btree_map(1_u64..60, 0_u64..1000, 0..4);
    let crash_in = prop::option::of(1_u64..60);
    (steps, faults, crash_in, prop::option::of(any::<u64>()))
        .prop_map(|(steps, faults, crash_in, power_cut)| Run { steps, faults, crash_in, power_cut })
}

/// Performs a run. Takes the numbers of acknowledged and of appended records before it, and returns those after it.
fn perform(disk: &SimulatedDisk, run: &Run, before: (u64, u64)) -> Result<(u64, u64), TestCaseError> {
    disk.set_faults(&run.faults, run.crash_in);
    let after = match Owner::open(disk) {
        Ok(mut owner) => {
            prop_assert!(
                (before.0..=before.1).contains(&owner.state),
                "{} is not in {before:?}",
                owner.state
            );
            run.steps.iter().for_each(|step| owner.step(*step));
            (owner.acknowledged(), owner.state)
        }
        Err(JournalError::Io { .. }) => before,
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    disk.set_faults(&BTreeMap::new(), None);
    run.power_cut.into_iter().for_each(|seed| disk.cut_power(&mut Chance(seed)));
    Ok(after)
}

/// Performs one run after another, and checks what exists after the last.
fn perform_all(runs: &[Run]) -> Result<(), TestCaseError> {
    let disk = SimulatedDisk::default();
    let mut expected = (0, 0);
    for run in runs {
        expected = perform(&disk, run, expected)?;
    }
    let last = Owner::open(&disk).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!((expected.0..=expected.1).contains(&last.state), "{} is not in {expected:?}", last.state);
    Ok(())
}

/// A recovery whose checkpoint is renamed, but not yet durable, then a start that fails as it creates the log
/// behind it, then a power cut that keeps the log's name alone.
#[test]
fn a_log_never_outlives_the_checkpoint_that_it_continues() {
    use Step::{Append, Begin, DoJob, Write};
    let first = Run { steps: vec![Begin, DoJob], faults: BTreeMap::new(), crash_in: None, power_cut: None };
    let steps = vec![Append(1), Begin, Write, Append(1), DoJob, Append(1), Begin, Write];
    let second = Run { steps, faults: BTreeMap::from([(24, 1), (31, 0)]), ..first };
    let third = |seed| Run {
        steps: Vec::new(),
        faults: BTreeMap::from([(4, 0)]),
        power_cut: Some(seed),
        ..first.clone()
    };
    for seed in 0..2_000 {
        perform_all(&[first.clone(), second.clone(), third(seed)]).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_survives(runs in prop::collection::vec(any_run(), 1..5)) {
        perform_all(&runs)?;
    }

    /// However storage failed, the first checkpoint on a sound disk recovers it, with all that was appended.
    #[test]
    fn a_sound_disk_recovers(run in any_run(), behind in 0_u64..5) {
        let disk = SimulatedDisk::default();
        disk.set_faults(&run.faults, None);
        let Ok(mut owner) = Owner::open(&disk) else { return Ok(()) };
        run.steps.iter().for_each(|step| owner.step(*step));
        disk.set_faults(&BTreeMap::new(), None);
        owner.do_job();
        owner.step(Step::Abandon);
        owner.do_job();
        owner.step(Step::Begin);
        prop_assert!(owner.checkpoint.is_some());
        owner.step(Step::Append(behind));
        owner.step(Step::Write);
        owner.do_job();
        prop_assert_eq!(owner.acknowledged(), owner.state);
        // One log and one checkpoint are all that is left.
        prop_assert_eq!(disk.files().len(), 2);
        let bytes: u64 = disk.files().values().map(|file| file.len() as u64).sum();
        let status = owner.shared.progress().status.clone();
        prop_assert_eq!(bytes, status.log_bytes + status.checkpoint_bytes);
        disk.cut_power(&mut Chance(behind));
        prop_assert_eq!(Owner::open(&disk).unwrap().state, owner.state);
    }
}
