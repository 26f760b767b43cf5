use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    path::Path,
};

use socket2::{Domain, Protocol, Socket, Type};

use super::port_owner;

/// Sockets that are bound and accept into the system's queue, before anyone serves them.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(super) listeners: Vec<TcpListener>,
    pub(super) addresses: Vec<SocketAddr>,
}

impl Bound {
    /// Connections that the system keeps while none is accepted.
    const BACKLOG: i32 = 1024;
    /// How often a free port is looked for that is free on all hosts.
    const ATTEMPTS: usize = 16;

    /// Binds every host to one port; 0 stands for any that is free on all of them.
    ///
    /// # Errors
    /// A sentence that names the address, the process that has it where the system tells, and what to do.
    pub(crate) fn new(hosts: &[IpAddr], port: u16, runtime_dir: Option<&Path>) -> Result<Self, String> {
        let mut attempts = if port == 0 { Self::ATTEMPTS } else { 1 };
        loop {
            attempts -= 1;
            match Self::at(hosts, port) {
                Ok(bound) => return Ok(bound),
                Err((address, error)) if attempts == 0 => return Err(sentence(address, &error, runtime_dir)),
                Err(_) => {}
            }
        }
    }

    /// The addresses, ports resolved.
    pub(crate) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    fn at(hosts: &[IpAddr], mut port: u16) -> Result<Self, (SocketAddr, io::Error)> {
        let mut bound = Self { listeners: Vec::new(), addresses: Vec::new() };
        for &host in hosts {
            let address = SocketAddr::new(host, port);
            let listener = listener(address).map_err(|error| (address, error))?;
            let address = listener.local_addr().map_err(|error| (address, error))?;
            port = address.port();
            bound.listeners.push(listener);
            bound.addresses.push(address);
        }
        Ok(bound)
    }
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        // `::` means IPv6 on every system, so that `0.0.0.0` can stand beside it.
        socket.set_only_v6(true)?;
    }
    // On Windows the same option lets a second program take a port that is in use.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(Bound::BACKLOG)?;
    Ok(socket.into())
}

fn sentence(address: SocketAddr, error: &io::Error, runtime_dir: Option<&Path>) -> String {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let owner = port_owner::describe(address, runtime_dir);
            format!(
                "Port {port} on {host} is in use by {owner}. Stop it, or give another port with `--port`."
            )
        }
        io::ErrorKind::AddrNotAvailable => format!(
            "{host} is not an address of this machine. Give one of its own as `host` (or with `--host`); \
             127.0.0.1 always is."
        ),
        io::ErrorKind::PermissionDenied => format!(
            "This user may not listen on port {port}. Give a port above 1023 with `--port`, for example 8000."
        ),
        _ => format!(
            "Cannot listen on {address}: {error}. Give another `host` (or `--host`) and `port` \
                     (or `--port`)."
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_bound_port_accepts_before_it_is_served() {
        let bound = Bound::new(&[LOOPBACK], 0, None).expect("a free port");
        assert_ne!(bound.addresses()[0].port(), 0);
        TcpStream::connect(bound.addresses()[0]).expect("the port is open");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn all_hosts_share_one_port() {
        let hosts = [LOOPBACK, IpAddr::from([127, 0, 0, 2])];
        let bound = Bound::new(&hosts, 0, None).expect("a free port");
        assert_eq!(bound.addresses()[0].port(), bound.addresses()[1].port());
        assert_eq!(bound.addresses().iter().map(SocketAddr::ip).collect::<Vec<_>>(), hosts);
    }

    #[test]
    fn a_port_in_use_says_so_and_what_to_do() {
        let first = Bound::new(&[LOOPBACK], 0, None).expect("a free port");
        let port = first.addresses()[0].port();
        let error = Bound::new(&[LOOPBACK], port, None).expect_err("in use");
        assert!(error.starts_with(&format!("Port {port} on 127.0.0.1 is in use by ")), "{error}");
        assert!(error.ends_with("Stop it, or give another port with `--port`."), "{error}");
        if cfg!(target_os = "linux") {
            assert!(error.contains(&format!("(process {})", std::process::id())), "{error}");
        }
    }

    #[test]
    fn an_address_of_another_machine_is_named() {
        // RFC 5737: 192.0.2.0/24 is no machine's.
        let error = Bound::new(&[IpAddr::from([192, 0, 2, 1])], 0, None).expect_err("not ours");
        assert!(error.starts_with("192.0.2.1 is not an address of this machine."), "{error}");
    }
}
