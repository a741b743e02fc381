//! What tensors are made of.

use burn::tensor::{BoolStore, DType};

/// The type of a tensor's elements.
pub(super) type Elements = &'static ElementType;

/// A type of PyTorch's, by the names that it has in pickles.
#[derive(Debug, PartialEq)]
pub(super) struct ElementType {
    /// Of its storage, without `Storage`: `Float`; empty for a type without one of its own.
    storage: &'static str,
    /// In `torch`: `float32`.
    pub name: &'static str,
    /// In bytes.
    pub size: usize,
    /// Ours; none for elements that are not read.
    pub dtype: Option<DType>,
}

const fn read(storage: &'static str, name: &'static str, dtype: DType, size: usize) -> ElementType {
    ElementType {
        storage,
        name,
        size,
        dtype: Some(dtype),
    }
}

const fn unread(storage: &'static str, name: &'static str, size: usize) -> ElementType {
    ElementType {
        storage,
        name,
        size,
        dtype: None,
    }
}

static TYPES: [ElementType; 29] = [
    read("Double", "float64", DType::F64, 8),
    read("Float", "float32", DType::F32, 4),
    read("Half", "float16", DType::F16, 2),
    read("BFloat16", "bfloat16", DType::BF16, 2),
    read("Long", "int64", DType::I64, 8),
    read("Int", "int32", DType::I32, 4),
    read("Short", "int16", DType::I16, 2),
    read("Char", "int8", DType::I8, 1),
    read("Byte", "uint8", DType::U8, 1),
    read("Bool", "bool", DType::Bool(BoolStore::Native), 1),
    read("", "uint16", DType::U16, 2),
    read("", "uint32", DType::U32, 4),
    read("", "uint64", DType::U64, 8),
    unread("ComplexFloat", "complex64", 8),
    unread("ComplexDouble", "complex128", 16),
    unread("", "complex32", 4),
    unread("QInt8", "qint8", 1),
    unread("QUInt8", "quint8", 1),
    unread("QInt32", "qint32", 4),
    unread("QUInt4x2", "quint4x2", 1),
    unread("QUInt2x4", "quint2x4", 1),
    unread("", "float8_e4m3fn", 1),
    unread("", "float8_e4m3fnuz", 1),
    unread("", "float8_e5m2", 1),
    unread("", "float8_e5m2fnuz", 1),
    unread("", "float8_e8m0fnu", 1),
    unread("", "float4_e2m1fn_x2", 1),
    unread("", "meta", 1),
    unread("", "sparse", 1),
];

/// A tensor without numbers.
pub(super) static META: Elements = &TYPES[TYPES.len() - 2];

/// The bytes of a storage that has no type of its own.
static BYTES: ElementType = unread("Untyped", "bytes", 1);

/// A tensor that lies in the file as the places and values of its elements.
pub(super) static SPARSE: Elements = &TYPES[TYPES.len() - 1];

impl ElementType {
    /// The type with a storage of that name, `FloatStorage`.
    pub fn of_storage(name: &str) -> Option<Elements> {
        let name = name.strip_suffix("Storage")?;
        if name == BYTES.storage {
            return Some(&BYTES);
        }
        TYPES
            .iter()
            .find(|known| !name.is_empty() && known.storage == name)
    }

    /// The type that is called so in `torch`.
    pub fn named(name: &str) -> Option<Elements> {
        TYPES.iter().find(|known| known.name == name)
    }

    /// What its tensors are, of those that are not read, and what to do about them.
    pub fn refusal(&self) -> (String, &'static str) {
        let name = self.name;
        if name.starts_with('q') {
            let advice = "; save the weights of the network before it was quantised";
            (format!("quantised ({name})"), advice)
        } else if name.starts_with("complex") {
            let advice = "; in Python, save its real and imaginary parts: torch.view_as_real(…)";
            (format!("complex ({name})"), advice)
        } else if name.starts_with("float") {
            let advice = "; in Python, save it as .float()";
            (format!("floating-point ({name})"), advice)
        } else if name == META.name {
            let advice = ", which has none: save it after its numbers were loaded";
            (name.to_owned(), advice)
        } else {
            let advice = "; in Python, save it as .to_dense()";
            (name.to_owned(), advice)
        }
    }
}
