//! Where in the tree the decoder is: kept on the stack as it goes down, and written out only for an error.

use std::fmt;

/// One step down.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Into the member of a hash.
    Name(&'a str),
    /// Into the element of a list.
    Index(usize),
}

impl fmt::Display for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Name(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}

/// A place in the tree; displayed as the bracketed name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a>(Option<(&'a Path<'a>, Step<'a>)>);

impl<'a> Path<'a> {
    /// The whole request.
    pub(super) const ROOT: Path<'static> = Path(None);

    pub(super) fn step(&'a self, step: Step<'a>) -> Path<'a> {
        Path(Some((self, step)))
    }

    pub(super) fn name(&'a self, name: &'a str) -> Path<'a> {
        self.step(Step::Name(name))
    }

    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        self.step(Step::Index(index))
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_none()
    }

    /// The name at the top, to stand for a path that is too deep to repeat.
    pub(super) fn first(&self) -> &'a str {
        match self.0 {
            None | Some((Path(None), Step::Index(_))) => "",
            Some((Path(None), Step::Name(name))) => name,
            Some((parent, _)) => parent.first(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => Ok(()),
            Some((Path(None), step)) => step.fmt(f),
            Some((parent, step)) => write!(f, "{parent}[{step}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_with_brackets() {
        let top = Path::ROOT.name("line_items");
        let element = top.index(0);
        let price = element.name("price");
        assert_eq!(Path::ROOT.to_string(), "");
        assert_eq!(top.to_string(), "line_items");
        assert_eq!(price.to_string(), "line_items[0][price]");
        assert_eq!(price.first(), "line_items");
    }
}
