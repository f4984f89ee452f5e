//! The floors that Signet's figures are compared with, taken in the same run on the same machine.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use aws_lc_rs::{
    agreement::{self, ECDH_P256, EphemeralPrivateKey},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey,
    },
};

/// Microseconds of one call, the best of five rounds of a fifth of a second each.
fn micros(mut call: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let mut calls = 0_u32;
        while started.elapsed() < Duration::from_millis(200) {
            call();
            calls += 1;
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    best
}

/// One signature by aws-lc-rs over `message`, in microseconds.
pub fn signature(alg: &str, message: &[u8]) -> f64 {
    let random = SystemRandom::new();
    match alg {
        "RS256" => {
            let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let mut signature = vec![0; key.public_modulus_len()];
            micros(|| {
                key.sign(&RSA_PKCS1_SHA256, &random, black_box(message), &mut signature)
                    .unwrap()
            })
        }
        "ES256" => {
            let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
            micros(|| {
                black_box(key.sign(&random, black_box(message)).unwrap());
            })
        }
        _ => {
            let key = Ed25519KeyPair::generate().unwrap();
            micros(|| {
                black_box(key.sign(black_box(message)));
            })
        }
    }
}

/// One ES256 signature verified, in microseconds.
pub fn verification(message: &[u8]) -> f64 {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let signature = key.sign(&SystemRandom::new(), message).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref());
    micros(|| public.verify(black_box(message), signature.as_ref()).unwrap())
}

/// One key made on P-256 and agreed on with another, in microseconds: what ECDH-ES cannot do without.
pub fn agreement() -> f64 {
    let random = SystemRandom::new();
    let peer = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
    let peer = agreement::UnparsedPublicKey::new(&ECDH_P256, peer.compute_public_key().unwrap());
    micros(|| {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
        black_box(own.compute_public_key().unwrap());
        agreement::agree_ephemeral(own, &peer, (), |secret| {
            black_box(secret);
            Ok(())
        })
        .unwrap();
    })
}

/// One Argon2id hash with the default parameters (19 MiB, 2 passes), in microseconds.
pub fn argon2() -> f64 {
    let parameters = argon2::Params::new(19_456, 2, 1, Some(32)).unwrap();
    let hasher = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, parameters);
    let mut memory = vec![argon2::Block::default(); 19_456];
    let mut out = [0_u8; 32];
    micros(|| {
        hasher
            .hash_password_into_with_memory(
                b"correct horse battery staple",
                b"0123456789abcdef",
                &mut out,
                &mut memory,
            )
            .unwrap();
    })
}

/// Serves a bare answer of `size` bytes until killed: what actix-web itself costs.
pub fn serve_bare(size: usize) -> ! {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let system = actix_web::rt::System::new();
    system.block_on(async move {
        let body = web::Bytes::from(vec![b'x'; size]);
        let server = HttpServer::new(move || {
            let body = body.clone();
            App::new().default_service(web::to(move || {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            }))
        })
        .workers(1)
        .bind("127.0.0.1:0")
        .unwrap();
        println!("{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
    std::process::exit(0)
}
