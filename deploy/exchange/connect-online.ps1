<#
.SYNOPSIS
    Sends a tenant's outgoing mail through Sealgate and takes it back, with Exchange Online.
.DESCRIPTION
    Outgoing mail -> connector "Sealgate out" -> Sealgate -> connector "Sealgate back" -> the Internet.
    Two secret words keep order: one proves to Sealgate that mail comes from this tenant (X-Sealgate-Entry; the
    addresses of Exchange Online are shared by all tenants), the other tells Exchange what has been there
    (X-Sealgate-Passed), so that nothing goes round in a circle. Both are taken off before mail leaves.

    Run it first with -Pilot and the address of a test group: only mail of its members goes through Sealgate.
    Needs the ExchangeOnlineManagement module, Connect-ExchangeOnline, and the Exchange administrator role.
    Nothing is changed that is not named "Sealgate ...", but for the remote domain's TNEF switch (see below).
.EXAMPLE
    ./connect-online.ps1 -Gateway sealgate.borchester.gov.uk -EntrySecret (Get-Content entry.txt) `
        -PassedSecret (Get-Content passed.txt) -Pilot sealgate-pilot@borchester.gov.uk
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    [Parameter(Mandatory)] [string] $Gateway,       # Sealgate's name, as its TLS certificate says it
    [Parameter(Mandatory)] [ValidatePattern('^[A-Za-z0-9]{20,200}$')] [string] $EntrySecret,   # smtp.entry-secret-file
    [Parameter(Mandatory)] [ValidatePattern('^[A-Za-z0-9]{20,200}$')] [string] $PassedSecret,  # next-hop.passed-secret-file
    [string] $Pilot = ''                            # a group whose members alone are sent through Sealgate
)
$ErrorActionPreference = 'Stop'

# Mail goes to Sealgate by TLS only, and only to the host whose certificate bears its name.
if (-not (Get-OutboundConnector -Identity 'Sealgate out' -ErrorAction SilentlyContinue)) {
    New-OutboundConnector -Name 'Sealgate out' -ConnectorType OnPremises -IsTransportRuleScoped $true `
        -UseMXRecord $false -SmartHosts $Gateway -TlsSettings DomainValidation -TlsDomain $Gateway `
        -CloudServicesMailEnabled $false -Enabled $true
}

# It comes back by TLS, from the host whose certificate bears Sealgate's name. That name must lie in a domain that
# the tenant has accepted, or Exchange Online does not know whose mail it is.
if (-not (Get-InboundConnector -Identity 'Sealgate back' -ErrorAction SilentlyContinue)) {
    New-InboundConnector -Name 'Sealgate back' -ConnectorType OnPremises -SenderDomains '*' -RequireTls $true `
        -RestrictDomainsToCertificate $true -TlsSenderCertificateName $Gateway `
        -CloudServicesMailEnabled $false -Enabled $true
}

# What goes out and has not been at Sealgate goes there. Not: mail that comes back. If Sealgate is down, mail waits in
# Exchange's queue; it never goes round Sealgate.
$towards = @{
    Name                              = 'Sealgate: outgoing mail'
    Priority                          = 0
    FromScope                         = 'InOrganization'
    SentToScope                       = 'NotInOrganization'
    RouteMessageOutboundConnector     = 'Sealgate out'
    SetHeaderName                     = 'X-Sealgate-Entry'
    SetHeaderValue                    = $EntrySecret
    ExceptIfHeaderContainsMessageHeader = 'X-Sealgate-Passed'
    ExceptIfHeaderContainsWords       = $PassedSecret
    StopRuleProcessing                = $false
    Mode                              = 'Enforce'
}
if ($Pilot) { $towards.FromMemberOf = $Pilot }
if (Get-TransportRule -Identity $towards.Name -ErrorAction SilentlyContinue) {
    Remove-TransportRule -Identity $towards.Name -Confirm:$false
}
New-TransportRule @towards

# What comes back loses the secret word, and is not judged as spam a second time.
$back = @{
    Name                        = 'Sealgate: mail that comes back'
    Priority                    = 1
    HeaderContainsMessageHeader = 'X-Sealgate-Passed'
    HeaderContainsWords         = $PassedSecret
    RemoveHeader                = 'X-Sealgate-Passed'
    SetSCL                      = -1
    Mode                        = 'Enforce'
}
if (Get-TransportRule -Identity $back.Name -ErrorAction SilentlyContinue) {
    Remove-TransportRule -Identity $back.Name -Confirm:$false
}
New-TransportRule @back

# Sealgate reads winmail.dat, but others can't: plain MIME for all outside domains.
Set-RemoteDomain -Identity Default -TNEFEnabled $false

Write-Output "Done. Send a message to an outside address and look at it: its Received fields name $Gateway once."
