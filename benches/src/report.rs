//! The table, and the JSON that a later run is compared with.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Failure;

/// All figures of a run.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// In the order in which they were first measured.
    order: Vec<String>,
    figures: BTreeMap<String, Figure>,
    notes: Vec<(String, f64)>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Figure {
    values: Vec<f64>,
    /// Each value as a part of the reference measured right before it.
    ratios: Vec<f64>,
    reference: Option<String>,
}

impl Report {
    /// Adds a value of one round, and the reference measured beside it.
    pub(crate) fn add(&mut self, what: &str, value: f64, reference: Option<(&str, f64)>) {
        if !self.figures.contains_key(what) {
            self.order.push(what.to_owned());
        }
        let figure = self.figures.entry(what.to_owned()).or_default();
        figure.values.push(value);
        if let Some((name, value_of_reference)) = reference {
            figure.ratios.push(value / value_of_reference);
            figure.reference = Some(name.to_owned());
        }
    }

    /// Adds a figure that is measured once.
    pub(crate) fn note(&mut self, what: &str, value: f64) {
        self.notes.push((what.to_owned(), value));
    }

    pub(crate) fn read(path: &Path) -> Result<Report, Failure> {
        Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        Ok(std::fs::write(path, serde_json::to_string_pretty(self)?)?)
    }

    /// Medians beside an earlier run's.
    pub(crate) fn compared_with(&self, earlier: &Report) -> String {
        let mut out = format!("\n{:<62} {:>12} {:>12} {:>8}\n", "median", "earlier", "now", "change");
        for what in &self.order {
            let (Some(now), Some(then)) = (self.figures.get(what), earlier.figures.get(what)) else { continue };
            let (now, then) = (spread(&now.values).1, spread(&then.values).1);
            out.push_str(&format!("{what:<62} {then:>12.1} {now:>12.1} {:>+7.1}%\n", (now / then - 1.0) * 100.0));
        }
        out
    }
}

/// Minimum, median and maximum.
fn spread(values: &[f64]) -> (f64, f64, f64) {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |i: usize| sorted.get(i).copied().unwrap_or(f64::NAN);
    (at(0), at(sorted.len() / 2), at(sorted.len().saturating_sub(1)))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<62} {:>10} {:>10} {:>10}   ratio to its reference", "", "min", "median", "max")?;
        for what in &self.order {
            let Some(figure) = self.figures.get(what) else { continue };
            let (least, median, most) = spread(&figure.values);
            write!(f, "{what:<62} {least:>10.1} {median:>10.1} {most:>10.1}")?;
            if figure.ratios.is_empty() {
                writeln!(f)?;
            } else {
                let (least, median, most) = spread(&figure.ratios);
                writeln!(f, "   {least:.2} / {median:.2} / {most:.2}")?;
            }
        }
        for (what, value) in &self.notes {
            writeln!(f, "{what:<62} {value:>10.1}")?;
        }
        Ok(())
    }
}
