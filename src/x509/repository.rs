//! Where certificates, CRLs and OCSP responses are found: the joint `Repository` (a directory server or key server plugs in here).
use super::{Certificate, Crl, Memory, OcspResponse, name::Name};
use crate::mime::mailbox::Address;
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// Finds certificates and CRLs.
pub trait Repository: Send + Sync {
    /// Returns certificates whose subject is this name.
    fn by_subject(&self, subject: &Name) -> Vec<Certificate>;
    /// Returns certificates that a message may name by issuer and serial.
    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate>;
    /// Returns certificates with this subjectKeyIdentifier.
    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate>;
    /// Returns certificates that name this address.
    fn by_address(&self, address: &Address) -> Vec<Certificate>;
    /// Returns CRLs issued under this name.
    fn crls(&self, issuer: &Name) -> Vec<Crl>;
    /// Returns OCSP responses with an answer for a certificate of this serial number.
    fn ocsp_responses(&self, _serial: &[u8]) -> Vec<OcspResponse> {
        Vec::new()
    }
    /// Returns what is remembered of signatures from one question to the next, for who asks many; nothing, where that is not worth it.
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

/// Certificates, CRLs and OCSP responses in memory. The methods that add leave duplicates out.
#[derive(Debug, Default, Clone)]
pub struct Collection {
    /// certificates
    pub certificates: Vec<Certificate>,
    /// CRLs
    pub crls: Vec<Crl>,
    /// OCSP responses
    pub ocsp_responses: Vec<OcspResponse>,
}

impl Collection {
    /// Adds a certificate, unless it is there already.
    pub fn add_certificate(&mut self, certificate: Certificate) {
        if !self.certificates.contains(&certificate) {
            self.certificates.push(certificate);
        }
    }

    /// Adds a CRL, unless it is there already.
    pub fn add_crl(&mut self, crl: Crl) {
        if !self.crls.contains(&crl) {
            self.crls.push(crl);
        }
    }

    /// Adds an OCSP response, unless it is there already.
    pub fn add_ocsp_response(&mut self, response: OcspResponse) {
        if !self.ocsp_responses.contains(&response) {
            self.ocsp_responses.push(response);
        }
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        add_new(&mut self.certificates, other.certificates);
        add_new(&mut self.crls, other.crls);
        add_new(&mut self.ocsp_responses, other.ocsp_responses);
    }

    /// Leaves out what is there twice, the later ones.
    pub fn remove_duplicates(&mut self) {
        keep_first(&mut self.certificates);
        keep_first(&mut self.crls);
        keep_first(&mut self.ocsp_responses);
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.crls.is_empty() && self.ocsp_responses.is_empty()
    }

    fn those(&self, wanted: impl Fn(&Certificate) -> bool) -> Vec<Certificate> {
        let found = self.certificates.iter().filter(|it| wanted(it));
        found.cloned().collect()
    }
}

/// Adds what is not there yet, at a cost that grows with the number and not with its square.
fn add_new<T: Clone + Eq + Hash>(to: &mut Vec<T>, others: Vec<T>) {
    if others.is_empty() {
        return;
    }
    let mut known: HashSet<T> = to.iter().cloned().collect();
    to.extend(others.into_iter().filter(|it| known.insert(it.clone())));
}

fn keep_first<T: Clone + Eq + Hash>(all: &mut Vec<T>) {
    let mut seen = HashSet::with_capacity(all.len());
    all.retain(|it| seen.insert(it.clone()));
}

impl Repository for Collection {
    fn by_subject(&self, subject: &Name) -> Vec<Certificate> {
        self.those(|certificate| certificate.subject() == subject)
    }

    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate> {
        self.those(|certificate| certificate.is(issuer, serial))
    }

    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate> {
        self.those(|certificate| certificate.key_identifier() == Some(identifier))
    }

    fn by_address(&self, address: &Address) -> Vec<Certificate> {
        self.those(|certificate| {
            let addresses = certificate.addresses();
            addresses.iter().any(|named| named.same_as(address))
        })
    }

    fn crls(&self, issuer: &Name) -> Vec<Crl> {
        let found = self.crls.iter().filter(|crl| crl.issuer() == issuer);
        found.cloned().collect()
    }

    fn ocsp_responses(&self, serial: &[u8]) -> Vec<OcspResponse> {
        let found = self.ocsp_responses.iter();
        let found = found.filter(|response| response.is_about_serial(serial));
        found.cloned().collect()
    }
}

/// A collection for many questions: found by name, serial number, key identifier and address without a look at all the others, and with a memory.
#[derive(Debug, Default)]
pub struct Catalogue {
    memory: Memory,
    collection: Collection,
    addresses: HashMap<Address, Vec<usize>>,
    subjects: HashMap<Name, Vec<usize>>,
    serials: HashMap<Box<[u8]>, Vec<usize>>,
    key_identifiers: HashMap<Box<[u8]>, Vec<usize>>,
    crl_issuers: HashMap<Name, Vec<usize>>,
}

impl From<Collection> for Catalogue {
    fn from(mut collection: Collection) -> Self {
        collection.remove_duplicates();
        let mut made = Self::default();
        for (index, certificate) in collection.certificates.iter().enumerate() {
            let subject = certificate.subject().clone();
            made.subjects.entry(subject).or_default().push(index);
            let serial = certificate.serial().into();
            made.serials.entry(serial).or_default().push(index);
            for address in certificate.addresses() {
                let indices = made.addresses.entry(folded(&address)).or_default();
                if indices.last() != Some(&index) {
                    indices.push(index);
                }
            }
            if let Some(identifier) = certificate.key_identifier() {
                let entry = made.key_identifiers.entry(identifier.into());
                entry.or_default().push(index);
            }
        }
        for (index, crl) in collection.crls.iter().enumerate() {
            let issuer = crl.issuer().clone();
            made.crl_issuers.entry(issuer).or_default().push(index);
        }
        made.collection = collection;
        made
    }
}

impl Catalogue {
    fn those(&self, indices: Option<&Vec<usize>>) -> impl Iterator<Item = &Certificate> {
        let indices = indices.into_iter().flatten();
        indices.filter_map(|index| self.collection.certificates.get(*index))
    }
}

impl Repository for Catalogue {
    fn by_subject(&self, subject: &Name) -> Vec<Certificate> {
        self.those(self.subjects.get(subject)).cloned().collect()
    }

    fn by_issuer_serial(&self, issuer: &Name, serial: &[u8]) -> Vec<Certificate> {
        let found = self.those(self.serials.get(serial));
        found.filter(|it| it.issuer() == issuer).cloned().collect()
    }

    fn by_key_identifier(&self, identifier: &[u8]) -> Vec<Certificate> {
        let found = self.those(self.key_identifiers.get(identifier));
        found.cloned().collect()
    }

    fn by_address(&self, address: &Address) -> Vec<Certificate> {
        let found = self.those(self.addresses.get(&folded(address)));
        found.cloned().collect()
    }

    fn crls(&self, issuer: &Name) -> Vec<Crl> {
        let indices = self.crl_issuers.get(issuer).into_iter().flatten();
        let found = indices.filter_map(|index| self.collection.crls.get(*index));
        found.cloned().collect()
    }

    fn ocsp_responses(&self, serial: &[u8]) -> Vec<OcspResponse> {
        self.collection.ocsp_responses(serial)
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.memory)
    }
}

/// The address by which those are found that [`Address::same_as`] says are the same.
fn folded(address: &Address) -> Address {
    Address {
        local: address.local.clone(),
        domain: address.domain.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::x509::sample::{CrlTemplate, Template, crl, key, key_identifier, parsed};

    #[test]
    fn a_catalogue_answers_as_its_collection_does() {
        let mut collection = Collection::default();
        for number in 0..20_u8 {
            let subject = format!("CN=Example {}", number % 5);
            let mut template = Template::new(&subject, &key(1), "CN=Issuer").serial(&[number % 7]);
            if number % 2 == 0 {
                template = template.with(key_identifier(&[number % 3]));
            }
            collection.certificates.push(template.unsigned());
            let list = crl(
                &subject,
                &key(1),
                "2026-10-20",
                "2026-11-20",
                &[&[number]],
                &[],
            );
            collection.crls.push(list);
        }
        let twice = collection.certificates.clone();
        let mut repeated = collection.clone();
        repeated.certificates.extend(twice);
        let catalogue = Catalogue::from(repeated);
        // names are compared as RFC 5280 §7.1 says
        for subject in ["CN=Example 1", "CN=example  3", "CN=Nobody"] {
            let name = parsed(subject);
            assert_eq!(catalogue.by_subject(&name), collection.by_subject(&name));
            assert_eq!(catalogue.crls(&name).len(), collection.crls(&name).len());
        }
        assert_eq!(catalogue.by_subject(&parsed("CN=EXAMPLE 3")).len(), 4);
        for issuer in ["CN=issuer", "CN=Other"] {
            let name = parsed(issuer);
            let found = catalogue.by_issuer_serial(&name, &[3]);
            assert_eq!(found, collection.by_issuer_serial(&name, &[3]));
        }
        for identifier in 0..4 {
            let found = catalogue.by_key_identifier(&[identifier]);
            assert_eq!(found, collection.by_key_identifier(&[identifier]));
        }
    }

    #[test]
    fn duplicates_are_left_out() {
        let of = |serial: u8| {
            Template::new("CN=A", &key(1), "CN=B")
                .serial(&[serial])
                .unsigned()
        };
        let mut collection = Collection::default();
        collection.certificates.extend([of(1), of(2), of(1)]);
        collection.remove_duplicates();
        assert_eq!(collection.certificates, [of(1), of(2)]);
        let mut other = Collection::default();
        other.certificates.extend([of(2), of(3)]);
        collection.extend(other);
        assert_eq!(collection.certificates, [of(1), of(2), of(3)]);
    }

    #[test]
    fn revocation_lists_are_left_out_too() {
        let of = |number: u32| {
            let list = CrlTemplate::new("CN=A", "2026-10-20", "2026-11-20");
            list.number(number).sign(&key(1))
        };
        let mut collection = Collection::default();
        collection.crls.extend([of(1), of(2), of(1)]);
        collection.remove_duplicates();
        assert_eq!(collection.crls, [of(1), of(2)]);
        let mut other = Collection::default();
        other.crls.extend([of(2), of(3), of(3)]);
        collection.extend(other);
        assert_eq!(collection.crls, [of(1), of(2), of(3)]);
    }
}
