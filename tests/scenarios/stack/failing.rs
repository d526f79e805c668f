//! What keeps a stack from starting, and what ends it.

use std::net::TcpListener;
use std::process::Command;

use super::{PORTS, Stack, free_ports, run};

#[test]
fn the_end_of_one_process_ends_all_with_its_last_words() {
    for index in 0..3 {
        let Some(stack) = Stack::start(&[]) else { return };
        let (name, pid) = stack.children().swap_remove(index);
        assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap().success());
        let (code, complaints, _) = stack.ended();
        assert_eq!(code, 1, "{complaints}");
        let name = if name == "prometheus-aler" { "alertmanager" } else { &name };
        let expected = format!("{name} ended by itself with status 137; the last lines of ");
        assert!(complaints.contains(&expected) && complaints.lines().count() > 2, "{complaints}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    for (index, option) in PORTS.iter().enumerate() {
        let mut ports = free_ports();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        ports[index] = taken.local_addr().unwrap().port();
        let Some((code, complaint)) = run(folder.path(), &ports, &[]) else { return };
        assert_eq!(code, 1, "{complaint}");
        let expected = format!("port {} is taken", ports[index]);
        assert!(
            complaint.contains(&expected) && complaint.contains(&format!("give {option} or ")),
            "{complaint}"
        );
        assert!(!folder.path().join("logs").exists(), "nothing was started");
    }
}

#[test]
fn two_services_on_one_port_and_a_port_beyond_the_last_are_misuse() {
    let folder = tempfile::tempdir().unwrap();
    let Some((code, complaint)) = run(folder.path(), &[3001, 9464, 9465, 3001], &[]) else { return };
    assert_eq!(code, 64, "{complaint}");
    assert!(complaint.contains("the application and Prometheus have the same port 3001"), "{complaint}");
    let (code, complaint) =
        run(folder.path(), &[3001, 9464, 65_535], &["--port-offset", "55000", "--metrics-port", "65535"])
            .unwrap();
    assert_eq!(code, 64, "{complaint}");
}

#[test]
fn a_second_run_in_the_same_directory_is_refused() {
    let Some(stack) = Stack::start(&[]) else { return };
    let (code, complaint) = run(stack.folder.path(), &free_ports(), &[]).unwrap();
    assert_eq!(code, 1, "{complaint}");
    assert!(complaint.contains("another run uses "), "{complaint}");
    assert_eq!(stack.children().len(), 3, "the first goes on");
}

#[test]
fn a_process_that_does_not_start_is_named_with_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let Some((code, complaint)) = run(folder.path(), &free_ports(), &["--", "--variable", "nonsense=1"])
    else {
        return;
    };
    assert_eq!(code, 1, "{complaint}");
    assert!(complaint.contains("portent ended by itself") && complaint.contains("nonsense"), "{complaint}");
}
