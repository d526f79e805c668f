//! Any sequence of appends, rotations, failures and crashes: what was acknowledged is there, once, in order.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::simulated_disk::{Chance, SimulatedDisk};
use super::{DIRECTORY, OPTIONS};
use crate::state::progress::Job;
use crate::state::shared::Shared;
use crate::state::{Mark, Replay, Rotation, StateError, open_on};

/// What the owner or the writer does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append(u64),
    TakeJob,
    DoJob,
    Rotate,
    Finish,
    Abandon,
}

/// One run of the process, and how it ends.
#[derive(Clone, Debug)]
struct Life {
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
    rotation: Option<(Rotation, u64)>,
    job: Option<Job>,
}

impl Owner {
    fn open(disk: &SimulatedDisk) -> Result<Self, StateError> {
        let mut state = 0;
        let replay = &mut |replay: Replay<'_>| match replay {
            Replay::Snapshot(bytes) => {
                assert_eq!(state, 0, "the snapshot comes first");
                state = u64::from_le_bytes(bytes.try_into().unwrap());
                Ok(())
            }
            Replay::Record(bytes) if bytes[..8] == u64::to_le_bytes(state) => {
                state += 1;
                Ok(())
            }
            Replay::Record(_) => Err("out of order".to_owned()),
        };
        let shared = Arc::new(open_on(Arc::new(disk.clone()), Path::new(DIRECTORY), OPTIONS, None, replay)?);
        Ok(Self { shared, base: state, state, rotation: None, job: None })
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Append(records) => (0..records).for_each(|_| self.append()),
            Step::TakeJob => self.take_job(),
            Step::DoJob => self.do_job(),
            Step::Rotate => {
                let rotation = Rotation::begin(&self.shared);
                // While one is held there is no other.
                assert!(self.rotation.is_none() || rotation.is_none());
                self.rotation = rotation.map(|rotation| (rotation, self.state)).or(self.rotation.take());
            }
            Step::Finish => self.finish(),
            Step::Abandon => drop(self.rotation.take()),
        }
    }

    fn append(&mut self) {
        let mut record = self.state.to_le_bytes().to_vec();
        record.resize(8 + (self.state % 7) as usize, b'x');
        self.state += 1;
        assert_eq!(self.shared.append(&record), Mark(self.state - self.base));
    }

    fn take_job(&mut self) {
        if self.job.is_none() {
            self.job = self.shared.progress().next_job();
        }
    }

    fn do_job(&mut self) {
        self.take_job();
        self.job.take().into_iter().for_each(|job| self.shared.perform(job));
    }

    fn finish(&mut self) {
        let Some((rotation, state)) = self.rotation.take() else { return };
        // `finish` waits for the writer, and here that is nobody else.
        while self.shared.progress().moved().is_none() {
            self.do_job();
        }
        let finished = rotation.finish(&state.to_le_bytes());
        let failure = self.shared.progress().failure().cloned();
        assert_eq!(finished.err(), failure);
    }

    /// Records that are acknowledged as durable.
    fn acknowledged(&self) -> u64 {
        let progress = self.shared.progress();
        let durable = |count: &u64| progress.is_durable(Mark(count - self.base)) == Some(Ok(()));
        (self.base..=self.state).rev().find(durable).unwrap()
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u64..5).prop_map(Step::Append),
        2 => Just(Step::TakeJob),
        4 => Just(Step::DoJob),
        2 => Just(Step::Rotate),
        2 => Just(Step::Finish),
        1 => Just(Step::Abandon),
    ]
}

fn any_life() -> impl Strategy<Value = Life> {
    let steps = prop::collection::vec(any_step(), 0..40);
    let faults = prop::collection::btree_map(1_u64..60, 0_u64..1000, 0..4);
    let crash_in = prop::option::of(1_u64..60);
    (steps, faults, crash_in, prop::option::of(any::<u64>()))
        .prop_map(|(steps, faults, crash_in, power_cut)| Life { steps, faults, crash_in, power_cut })
}

/// Lives one life and returns what is acknowledged and what was appended at its end, given the same before.
fn live(disk: &SimulatedDisk, life: &Life, before: (u64, u64)) -> Result<(u64, u64), TestCaseError> {
    disk.set_faults(&life.faults, life.crash_in);
    let after = match Owner::open(disk) {
        Ok(mut owner) => {
            prop_assert!(
                (before.0..=before.1).contains(&owner.state),
                "{} is not in {before:?}",
                owner.state
            );
            life.steps.iter().for_each(|step| owner.step(*step));
            (owner.acknowledged(), owner.state)
        }
        Err(StateError::Io { .. }) => before,
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    disk.set_faults(&BTreeMap::new(), None);
    life.power_cut.into_iter().for_each(|seed| disk.cut_power(&mut Chance(seed)));
    Ok(after)
}

/// Lives one life after another, and looks at what is there after the last.
fn outlive(lives: &[Life]) -> Result<(), TestCaseError> {
    let disk = SimulatedDisk::default();
    let mut expected = (0, 0);
    for life in lives {
        expected = live(&disk, life, expected)?;
    }
    let last = Owner::open(&disk).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!((expected.0..=expected.1).contains(&last.state), "{} is not in {expected:?}", last.state);
    Ok(())
}

/// A recovery whose snapshot is renamed, but not yet durable, then a start that fails as it creates the log
/// behind it, then a power cut that keeps the log's name alone.
#[test]
fn a_log_never_outlives_the_snapshot_that_it_continues() {
    use Step::{Append, DoJob, Finish, Rotate};
    let first = Life { steps: vec![Rotate, DoJob], faults: BTreeMap::new(), crash_in: None, power_cut: None };
    let steps = vec![Append(1), Rotate, Finish, Append(1), DoJob, Append(1), Rotate, Finish];
    let second = Life { steps, faults: BTreeMap::from([(24, 1), (31, 0)]), ..first };
    let third = |seed| Life {
        steps: Vec::new(),
        faults: BTreeMap::from([(4, 0)]),
        power_cut: Some(seed),
        ..first.clone()
    };
    for seed in 0..2_000 {
        outlive(&[first.clone(), second.clone(), third(seed)]).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_acknowledged_survives(lives in prop::collection::vec(any_life(), 1..5)) {
        outlive(&lives)?;
    }

    /// However storage failed, the first rotation on a sound disk recovers it, with all that was appended.
    #[test]
    fn a_sound_disk_recovers(life in any_life(), behind in 0_u64..5) {
        let disk = SimulatedDisk::default();
        disk.set_faults(&life.faults, None);
        let Ok(mut owner) = Owner::open(&disk) else { return Ok(()) };
        life.steps.iter().for_each(|step| owner.step(*step));
        disk.set_faults(&BTreeMap::new(), None);
        owner.do_job();
        owner.step(Step::Abandon);
        owner.do_job();
        owner.step(Step::Rotate);
        prop_assert!(owner.rotation.is_some());
        owner.step(Step::Append(behind));
        owner.step(Step::Finish);
        owner.do_job();
        prop_assert_eq!(owner.acknowledged(), owner.state);
        // One log and one snapshot are all that is left.
        prop_assert_eq!(disk.files().len(), 2);
        let bytes: u64 = disk.files().values().map(|file| file.len() as u64).sum();
        let counts = owner.shared.progress().counts;
        prop_assert_eq!(bytes, counts.log_bytes + counts.snapshot_bytes);
        disk.cut_power(&mut Chance(behind));
        prop_assert_eq!(Owner::open(&disk).unwrap().state, owner.state);
    }
}
