//! What is asked of the TPM. Every operation opens the way to it, does its work and leaves nothing behind: a TPM has
//! three slots, and a kiosk runs for weeks.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use tss_esapi::attributes::{ObjectAttributes, ObjectAttributesBuilder, SessionAttributesBuilder};
use tss_esapi::constants::tss::{
    TPM2_LOADED_SESSION_FIRST, TPM2_RH_NULL, TPM2_ST_HASHCHECK, TPM2_TRANSIENT_FIRST,
};
use tss_esapi::constants::{CapabilityType, SessionType};
use tss_esapi::handles::KeyHandle;
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::resource_handles::Hierarchy;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{
    CapabilityData, Digest, EccPoint, EccScheme, HashScheme, KeyedHashScheme, Private, Public, PublicBuffer,
    PublicBuilder, PublicEccParametersBuilder, PublicKeyedHashParameters, SensitiveData, Signature,
    SignatureScheme, SymmetricDefinition, SymmetricDefinitionObject,
};
use tss_esapi::tcti_ldr::TctiNameConf;
use tss_esapi::traits::{Marshall, UnMarshall};
use tss_esapi::tss2_esys::{TPM2B_DIGEST, TPMT_TK_HASHCHECK};
use tss_esapi::{Context, Error};
use verification::Sensitive;

use super::blob::{Blob, Kind};
use super::fault::{Fault, unreachable_tpm};
use crate::{KeyError, Trouble};

/// Handles that one answer may list; a TPM has far fewer of each kind loaded.
const HANDLES_MAX: u32 = 32;

/// The way to the TPM. One operation at a time.
#[derive(Debug)]
pub(crate) struct Chip {
    tcti: String,
    way: TctiNameConf,
    turn: Mutex<()>,
}

/// One operation: an open way to the TPM, and the storage key.
struct Visit {
    context: Context,
    storage_key: KeyHandle,
    storage_key_name: String,
}

impl Chip {
    /// Reads a TCTI string.
    pub(crate) fn new(tcti: &str) -> Result<Self, KeyError> {
        let way = TctiNameConf::from_str(tcti)
            .map_err(|_| unreachable_tpm(Trouble::Absent, format!("{tcti:?} is no way to a TPM")))?;
        Ok(Self {
            tcti: tcti.to_owned(),
            way,
            turn: Mutex::new(()),
        })
    }

    /// Seals a secret to this TPM.
    pub(crate) fn seal(&self, secret: &Sensitive<[u8; 32]>) -> Result<Blob, Fault> {
        self.visit(|visit| {
            let data = SensitiveData::try_from(&secret.expose()[..]).map_err(Fault::of_chip)?;
            visit.create(Kind::Secret, sealed_template()?, Some(data))
        })
    }

    /// Gets a sealed secret back.
    pub(crate) fn unseal(&self, blob: &Blob) -> Result<Sensitive<[u8; 32]>, Fault> {
        self.visit(|visit| {
            let object = visit.load(blob, &sealed_template()?)?;
            let session = visit.encrypted_session()?;
            let data = visit
                .context
                .execute_with_session(Some(session), |context| context.unseal(object.into()))
                .map_err(Fault::of_chip)?;
            let bytes = <[u8; 32]>::try_from(data.value())
                .map_err(|_| Fault::Blob("something else than a secret is sealed in its file".into()))?;
            Ok(Sensitive::new(bytes))
        })
    }

    /// Makes a signing key that never leaves this TPM.
    pub(crate) fn make_key(&self) -> Result<Blob, Fault> {
        self.visit(|visit| visit.create(Kind::Device, signing_template()?, None))
    }

    /// Loads a signing key once, and gives its public point.
    pub(crate) fn point(&self, blob: &Blob) -> Result<[u8; 65], Fault> {
        self.visit(|visit| visit.load(blob, &signing_template()?))?;
        let unique = match unmarshal_public(blob)? {
            Public::Ecc { unique, .. } => unique,
            _ => return Err(Fault::Blob("its file is not of a P-256 key".into())),
        };
        let mut point = [0; 65];
        point[0] = 4;
        let (x, y) = point[1..].split_at_mut(32);
        right_aligned(unique.x().value(), x)?;
        right_aligned(unique.y().value(), y)?;
        Ok(point)
    }

    /// Signs a SHA-256 digest: both numbers of the signature, 32 bytes each.
    pub(crate) fn sign(&self, blob: &Blob, digest: &[u8; 32]) -> Result<[u8; 64], Fault> {
        self.visit(|visit| {
            let key = visit.load(blob, &signing_template()?)?;
            let digest = Digest::try_from(&digest[..]).map_err(Fault::of_chip)?;
            let scheme = SignatureScheme::EcDsa {
                hash_scheme: HashScheme::new(HashingAlgorithm::Sha256),
            };
            // The key is not restricted: the TPM need not have made the digest itself, so there is no ticket for it.
            let ticket = TPMT_TK_HASHCHECK {
                tag: TPM2_ST_HASHCHECK,
                hierarchy: TPM2_RH_NULL,
                digest: TPM2B_DIGEST::default(),
            };
            let signature = visit
                .context
                .execute_with_session(Some(AuthSession::Password), |context| {
                    context.sign(key, digest, scheme, ticket.try_into()?)
                })
                .map_err(Fault::of_chip)?;
            let Signature::EcDsa(signature) = signature else {
                return Err(Fault::Chip(
                    Trouble::Failed,
                    "its signature is of another kind".into(),
                ));
            };
            let mut numbers = [0; 64];
            let (r, s) = numbers.split_at_mut(32);
            right_aligned(signature.signature_r().value(), r)?;
            right_aligned(signature.signature_s().value(), s)?;
            Ok(numbers)
        })
    }

    /// Opens the way and makes the storage key; asks nothing more.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        self.visit(|_| Ok(()))
    }

    fn visit<T>(&self, work: impl Fn(&mut Visit) -> Result<T, Fault>) -> Result<T, Fault> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        match self.visit_once(&work) {
            // Without a resource manager, what a killed program had loaded stays until somebody flushes it.
            Err(Fault::Full(_)) => {
                self.flush_leftovers()?;
                self.visit_once(&work)
            }
            other => other,
        }
    }

    fn visit_once<T>(&self, work: &impl Fn(&mut Visit) -> Result<T, Fault>) -> Result<T, Fault> {
        // Dropping the context flushes what the visit loaded, after errors too.
        let mut context = self.connect()?;
        let primary = context
            .execute_with_session(Some(AuthSession::Password), |context| {
                context.create_primary(Hierarchy::Owner, storage_template()?, None, None, None, None)
            })
            .map_err(Fault::of_chip)?;
        let name = context
            .tr_get_name(primary.key_handle.into())
            .map_err(Fault::of_chip)?;
        work(&mut Visit {
            context,
            storage_key: primary.key_handle,
            storage_key_name: hex(name.value()),
        })
    }

    fn connect(&self) -> Result<Context, Fault> {
        if let Some(path) = self.tcti.strip_prefix("device:") {
            // The stack has one code for a missing device, a forbidden and a busy one.
            let opened = std::fs::File::options().read(true).write(true).open(path);
            if let Err(error) = opened {
                let trouble = match error.kind() {
                    std::io::ErrorKind::NotFound => Trouble::Absent,
                    std::io::ErrorKind::PermissionDenied => Trouble::Permission,
                    std::io::ErrorKind::ResourceBusy => Trouble::Busy,
                    _ => Trouble::Failed,
                };
                return Err(Fault::Chip(trouble, format!("{path}: {error}")));
            }
        }
        Context::new(self.way.clone()).map_err(|error| {
            Fault::Chip(
                Trouble::Absent,
                format!("none answers at {} ({error})", self.tcti),
            )
        })
    }

    fn flush_leftovers(&self) -> Result<(), Fault> {
        let mut context = self.connect()?;
        for first in [TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST] {
            let (data, _) = context
                .get_capability(CapabilityType::Handles, first, HANDLES_MAX)
                .map_err(Fault::of_chip)?;
            let CapabilityData::Handles(handles) = data else {
                continue;
            };
            for handle in handles.into_inner() {
                let object = context.tr_from_tpm_public(handle).map_err(Fault::of_chip)?;
                context.flush_context(object).map_err(Fault::of_chip)?;
            }
        }
        Ok(())
    }
}

impl Visit {
    /// A session whose key only this TPM and this program know: what goes through it is unreadable on the bus.
    fn encrypted_session(&mut self) -> Result<AuthSession, Fault> {
        let session = self
            .context
            .start_auth_session(
                Some(self.storage_key),
                None,
                None,
                SessionType::Hmac,
                SymmetricDefinition::AES_128_CFB,
                HashingAlgorithm::Sha256,
            )
            .map_err(Fault::of_chip)?
            .ok_or_else(|| Fault::Chip(Trouble::Failed, "it opens no session".into()))?;
        let (attributes, mask) = SessionAttributesBuilder::new()
            .with_decrypt(true)
            .with_encrypt(true)
            .build();
        self.context
            .tr_sess_set_attributes(session, attributes, mask)
            .map_err(Fault::of_chip)?;
        Ok(session)
    }

    fn create(&mut self, kind: Kind, template: Public, data: Option<SensitiveData>) -> Result<Blob, Fault> {
        let session = self.encrypted_session()?;
        let parent = self.storage_key;
        let made = self
            .context
            .execute_with_session(Some(session), |context| {
                context.create(parent, template.clone(), None, data.clone(), None, None)
            })
            .map_err(Fault::of_chip)?;
        let public = PublicBuffer::try_from(made.out_public).and_then(|public| public.marshall());
        Ok(Blob {
            kind,
            public: public.map_err(Fault::of_chip)?,
            private: sized(made.out_private.value()),
            storage_key: self.storage_key_name.clone(),
        })
    }

    fn load(&mut self, blob: &Blob, template: &Public) -> Result<KeyHandle, Fault> {
        if blob.storage_key != self.storage_key_name {
            return Err(Fault::Blob(
                "it was sealed by another TPM, or this TPM was cleared since".into(),
            ));
        }
        let public = unmarshal_public(blob)?;
        if public.object_attributes() != template.object_attributes() {
            return Err(Fault::Blob("the TPM did not make it for this use".into()));
        }
        let private = unsized_part(&blob.private).ok_or_else(|| Fault::Blob("its file is damaged".into()))?;
        let private = Private::try_from(private).map_err(Fault::of_blob)?;
        let parent = self.storage_key;
        self.context
            .execute_with_session(Some(AuthSession::Password), |context| {
                context.load(parent, private, public)
            })
            .map_err(Fault::of_blob)
    }
}

/// The P-256 storage key of the owner hierarchy: the same TPM always makes the same one from this template (TCG TPM v2.0
/// Provisioning Guidance, 7.5.1), until it is cleared.
fn storage_template() -> Result<Public, Error> {
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_restricted(true)
        .with_decrypt(true)
        .build()?;
    let parameters = PublicEccParametersBuilder::new_restricted_decryption_key(
        SymmetricDefinitionObject::AES_128_CFB,
        EccCurve::NistP256,
    );
    PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters.build()?)
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
}

fn child_attributes() -> ObjectAttributesBuilder {
    // Nothing here has a password, so nothing here may count as a wrong one: no_da.
    ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_user_with_auth(true)
        .with_no_da(true)
}

fn sealed_template() -> Result<Public, Fault> {
    let build = |attributes: ObjectAttributes| {
        PublicBuilder::new()
            .with_public_algorithm(PublicAlgorithm::KeyedHash)
            .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
            .with_object_attributes(attributes)
            .with_keyed_hash_parameters(PublicKeyedHashParameters::new(KeyedHashScheme::Null))
            .with_keyed_hash_unique_identifier(Digest::default())
            .build()
    };
    child_attributes().build().and_then(build).map_err(Fault::of_chip)
}

fn signing_template() -> Result<Public, Fault> {
    let build = |attributes: ObjectAttributes| {
        let scheme = EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256));
        let parameters = PublicEccParametersBuilder::new_unrestricted_signing_key(scheme, EccCurve::NistP256);
        PublicBuilder::new()
            .with_public_algorithm(PublicAlgorithm::Ecc)
            .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
            .with_object_attributes(attributes)
            .with_ecc_parameters(parameters.build()?)
            .with_ecc_unique_identifier(EccPoint::default())
            .build()
    };
    child_attributes()
        .with_sensitive_data_origin(true)
        .with_sign_encrypt(true)
        .build()
        .and_then(build)
        .map_err(Fault::of_chip)
}

fn unmarshal_public(blob: &Blob) -> Result<Public, Fault> {
    let damaged = |error: Error| Fault::Blob(format!("its file is damaged ({error})"));
    let buffer = PublicBuffer::unmarshall(&blob.public).map_err(damaged)?;
    // The library overlooks wrong lengths and what follows after the end.
    if buffer.marshall().map_err(damaged)? != blob.public {
        return Err(Fault::Blob("its file is damaged".into()));
    }
    Public::try_from(buffer).map_err(damaged)
}

/// `TPM2B`: the length in two bytes, then the bytes. A private part has some hundred.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let mut sized = (bytes.len() as u16).to_be_bytes().to_vec();
    sized.extend_from_slice(bytes);
    sized
}

fn unsized_part(sized: &[u8]) -> Option<&[u8]> {
    let (length, bytes) = sized.split_first_chunk()?;
    (bytes.len() == usize::from(u16::from_be_bytes(*length))).then_some(bytes)
}

/// TPMs may leave leading zeros out.
fn right_aligned(number: &[u8], into: &mut [u8]) -> Result<(), Fault> {
    let Some(start) = into.len().checked_sub(number.len()) else {
        return Err(Fault::Chip(
            Trouble::Failed,
            "it gives a number that is too long".into(),
        ));
    };
    into[start..].copy_from_slice(number);
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
