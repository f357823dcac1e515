<#
.SYNOPSIS
    Sends an on-premises Exchange's outgoing mail through Sealgate (Exchange Server 2016, 2019, Subscription Edition).
.DESCRIPTION
    Exchange -> Sealgate -> Postfix beside it -> the Internet. Mail does not come back to Exchange, so nothing can go
    round in a circle and no secret word is needed. Sealgate's sealgate.toml: these servers' addresses in smtp.networks,
    "0.0.0.0:25" in smtp.listen, and a certificate of the gateway's name in smtp.tls-certificate and smtp.tls-key.

    The send connector for everything ("SMTP:*") is made with a lower cost than the one that is there, which is left
    as it is: to roll back, disable "Sealgate". For a pilot give one outside domain as -AddressSpaces.
.EXAMPLE
    ./connect-on-premises.ps1 -Gateway sealgate.borchester.gov.uk -Servers EX1, EX2 -AddressSpaces 'SMTP:partner.example;1'
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $Gateway,
    [Parameter(Mandatory)] [string[]] $Servers,
    [string[]] $AddressSpaces = @('SMTP:*;1')
)
$ErrorActionPreference = 'Stop'
New-SendConnector -Name 'Sealgate' -Usage Custom -AddressSpaces $AddressSpaces -SourceTransportServers $Servers `
    -DNSRoutingEnabled $false -SmartHosts $Gateway -SmartHostAuthMechanism None `
    -RequireTLS $true -TlsAuthLevel DomainValidation -TlsDomain $Gateway `
    -MaxMessageSize 50MB -ConnectionInactivityTimeOut 00:20:00

# Plain MIME for all outside domains: others can't read winmail.dat.
Set-RemoteDomain -Identity Default -TNEFEnabled $false
Write-Output 'Done. To roll back: Set-SendConnector Sealgate -Enabled $false'
