//! Codes of the file format.

/// Declares a code that stands in a file as u32.
macro_rules! codes {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $code:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $( $(#[$vmeta])* $variant = $code, )+ }

        impl $name {
            /// The member with this code.
            pub(crate) const fn from_code(code: u32) -> Option<Self> {
                match code { $( $code => Some(Self::$variant), )+ _ => None }
            }
        }
    };
}

codes! {
    /// How columns become a score.
    pub enum Algorithm {
        /// Logistic of a weighted sum of the columns; two classes.
        LogisticRegression = 1,
        /// Votes, mean or sum of decision trees; two classes.
        TreeEnsemble = 2,
        /// None here: another component scores, and the artefact describes it; 2 to 16 classes.
        Imported = 3,
    }
}

codes! {
    /// How the leaves that a row reaches, one a tree, become a score.
    pub enum Aggregate {
        /// Share of the trees whose leaf is 1; leaves are 0 or 1.
        Vote = 1,
        /// Mean of the leaves, which are probabilities.
        Mean = 2,
        /// Link of base + Σ leaves, added up in the order of the trees.
        Sum = 3,
    }
}

codes! {
    /// What makes a probability of a sum.
    pub enum Link {
        /// The sum itself, held within 0 and 1.
        Identity = 1,
        /// 1 / (1 + exp(−sum)).
        Logistic = 2,
    }
}

codes! {
    /// The test of a split.
    pub enum Test {
        /// value ≤ threshold
        AtMost = 1,
        /// value < threshold
        Below = 2,
    }
}

codes! {
    /// Precision of a step of the computation, that of the program which made the trees.
    pub enum Precision {
        /// f64
        Double = 1,
        /// Rounded to f32.
        Single = 2,
    }
}

codes! {
    /// How a feature is computed from the rows of its group, in the order of time.
    pub enum DerivationKind {
        /// Value minus that of `window` rows before; 0 where there is none.
        Delta = 1,
        /// Mean of the last `window` rows, or of all while there are fewer.
        RollingMean = 2,
        /// Sample standard deviation (n − 1) of the same rows; 0 for one row.
        RollingStd = 3,
    }
}

codes! {
    /// Form of an application's requests.
    pub enum Style {
        /// One object a row, or a list of them under a name.
        Records = 1,
        /// Always a list under a name.
        Readings = 2,
    }
}

codes! {
    /// What values a feature takes.
    pub enum FeatureKind {
        /// Any number.
        Number = 1,
        /// A whole number.
        Integer = 2,
        /// A code from a list, written as a whole number.
        Category = 3,
    }
}

codes! {
    /// What to do where a value is missing.
    pub enum MissingPolicy {
        /// Refuse the row.
        Reject = 1,
        /// Use the value stated with the feature, and count it as missing.
        Impute = 2,
        /// Leave it to who scores, where that is another component, and count it as missing.
        Pass = 3,
    }
}

codes! {
    /// How a column is made of its feature.
    pub(crate) enum ColumnKind {
        /// `(value − a) / b`
        Standardise = 1,
        /// 1 where the value equals `a`, else 0.
        Indicator = 2,
    }
}
